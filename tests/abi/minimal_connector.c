/*
 * The smallest connector that works: what a new one starts from. It is built with only include/ on
 * the path. Its help desk has one ticket, which it reads with one request.
 */
#include <stdlib.h>
#include <string.h>
#include <triaged/connector.h>

struct minimal_conf {
  const char *url;
};

struct minimal {
  const struct trg_host *host;
  const struct minimal_conf *conf;
};

static const struct trg_field fields[] = {{.name = "url",
                                           .type = TRG_URL,
                                           .flags = TRG_REQUIRED,
                                           .offset = offsetof(struct minimal_conf, url),
                                           .help = "Where the help desk is"},
                                          {.name = NULL}};

static void done(const struct minimal *m, trg_op op, int32_t outcome, struct trg_str code) {
  const struct trg_result r = {.outcome = outcome, .code = code};
  m->host->done(op, &r);
}

static void minimal_probe(void *self, trg_op op) {
  done(self, op, TRG_DONE, TRG_STR(TRG_CODE_OK));
}

static void minimal_poll(void *self, trg_op op, struct trg_str cursor, int64_t since_ms) {
  const struct minimal *m = self;
  (void)since_ms;
  const struct trg_notice n = {
      .size = sizeof n, .id = TRG_STR("1"), .version = TRG_STR("1"), .at_ms = m->host->now_ms()};
  if (cursor.n == 0) m->host->emit_notice(op, &n);
  m->host->set_cursor(op, TRG_STR("1"), false);
  done(m, op, TRG_DONE, TRG_STR(TRG_CODE_OK));
}

static void on_ticket(void *self, trg_op op, const struct trg_http_reply *reply, void *arg) {
  const struct minimal *m = self;
  (void)arg;
  if (reply->status != 200) {
    done(m, op, TRG_RETRY, TRG_STR(TRG_CODE_TRANSIENT));
    return;
  }
  const struct trg_message message = {.size = sizeof message,
                                      .id = TRG_STR("1"),
                                      .author = TRG_AUTHOR_CUSTOMER,
                                      .flags = TRG_MESSAGE_PUBLIC,
                                      .text = reply->body};
  const struct trg_ticket ticket = {.size = sizeof ticket,
                                    .id = TRG_STR("1"),
                                    .version = TRG_STR("1"),
                                    .subject = TRG_STR("Hello"),
                                    .status = TRG_STATUS_NEW,
                                    .messages = &message,
                                    .message_count = 1};
  m->host->emit_ticket(op, &ticket);
  done(m, op, TRG_DONE, TRG_STR(TRG_CODE_OK));
}

static void minimal_fetch(void *self, trg_op op, struct trg_str id) {
  const struct minimal *m = self;
  (void)id;
  const struct trg_http_request r = {
      .size = sizeof r, .method = "GET", .url = {m->conf->url, strlen(m->conf->url)}};
  m->host->http(op, &r, on_ticket, NULL);
}

static void minimal_write(void *self, trg_op op, const struct trg_action *action) {
  (void)action;
  done(self, op, TRG_REJECTED, TRG_STR(TRG_CODE_PERMISSION));
}

static int minimal_open(const struct trg_host *host, trg_inst *inst, const void *conf,
                        void **ret_self, struct trg_err *err) {
  (void)inst;
  (void)err;
  struct minimal *m = calloc(1, sizeof *m);
  if (m == NULL) return -1;
  m->host = host;
  m->conf = conf;
  *ret_self = m;
  return 0;
}

static void minimal_close(void *self) {
  free(self);
}

static const struct trg_connector_ops ops = {.size = sizeof ops,
                                             .probe = minimal_probe,
                                             .poll = minimal_poll,
                                             .fetch = minimal_fetch,
                                             .write = minimal_write};

extern const struct trg_plugin triaged_plugin_minimal;
TRG_EXPORT const struct trg_plugin triaged_plugin_minimal = {
    .abi_major = TRG_ABI_MAJOR,
    .abi_minor = TRG_ABI_MINOR,
    .size = sizeof triaged_plugin_minimal,
    .kind = TRG_CONNECTOR,
    .name = "minimal",
    .version = "1.0",
    .license = "Apache-2.0",
    .summary = "One ticket, for the tests of the plugin interface",
    .fields = fields,
    .conf_size = sizeof(struct minimal_conf),
    .open = minimal_open,
    .close = minimal_close,
    .ops = &ops};
