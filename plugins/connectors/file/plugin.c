/*
 * The `file` connector: for helpdesks that are not listed, and for batches. `url` is
 * file:///FOLDER, which holds *.jsonl with one ticket a line, read as they grow; a later line with
 * the same id is the ticket as it is now. What is decided is appended to FOLDER/results.jsonl.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <triaged/connector.h>

#include "lines.h"

#define LOOK_BYTES ((size_t)1 << 20)

struct file_conf {
  const char *url, *auth_type;
};

struct desk {
  const struct trg_host *host;
  trg_inst *inst;
  const char *folder;       /* in conf */
  struct file_places known; /* what was seen since the start; the newest of an id counts */
  size_t unread;            /* files that could not be read at the last look */
};

static const struct trg_field fields[] = {
    {.name = "url",
     .type = TRG_TEXT,
     .flags = TRG_REQUIRED,
     .offset = offsetof(struct file_conf, url),
     .help = "file:///FOLDER with the *.jsonl; results.jsonl is written there"},
    {.name = "auth.type",
     .type = TRG_CHOICE,
     .default_text = "none",
     .words = "none",
     .offset = offsetof(struct file_conf, auth_type),
     .help = "none: a folder asks for no credentials"},
    {.name = NULL}};

/* One op's work: what it needs, and what came of it. */
struct job {
  const struct trg_host *host;
  const char *folder;
  char *cursor, *id, *line, *key;
  struct file_place at;
  struct file_look look;
  char *ticket; /* the line that was read */
  bool reply;   /* the result has one */
  int rc;
  struct trg_err err;
};

static char *copy(struct trg_str s) {
  char *p = malloc(s.n + 1);
  if (p == NULL) abort();
  if (s.n > 0) memcpy(p, s.p, s.n);
  p[s.n] = '\0';
  return p;
}

static struct trg_str str(const char *text) {
  return (struct trg_str){text, text != NULL ? strlen(text) : 0};
}

static void job_free(void *state) {
  struct job *j = state;
  free(j->cursor);
  free(j->id);
  cJSON_free(j->line);
  free(j->key);
  free(j->at.id);
  free(j->at.name);
  free(j->ticket);
  file_look_free(&j->look);
  free(j);
}

static struct job *job_new(struct desk *d, trg_op op) {
  struct job *j = calloc(1, sizeof *j);
  if (j == NULL) abort();
  j->host = d->host;
  j->folder = d->folder;
  d->host->op_set(op, j, job_free);
  return j;
}

static void done(const struct desk *d, trg_op op, int32_t outcome, const char *code,
                 const char *why) {
  const struct trg_result r = {.outcome = outcome, .code = str(code), .why = str(why)};
  d->host->done(op, &r);
}

static int desk_open(const struct trg_host *host, trg_inst *inst, const void *conf, void **ret_self,
                     struct trg_err *err) {
  const struct file_conf *c = conf;
  struct stat st;
  if (strncmp(c->url, "file:///", 8) != 0) {
    snprintf(err->code, sizeof err->code, "config");
    snprintf(err->text, sizeof err->text, "url: write file:///FOLDER, not %.200s", c->url);
    return -1;
  }
  if (stat(c->url + 7, &st) < 0 || !S_ISDIR(st.st_mode)) {
    snprintf(err->code, sizeof err->code, "config");
    snprintf(err->text, sizeof err->text, "url: %.200s is no folder; make it, or mend the path",
             c->url + 7);
    return -1;
  }
  struct desk *d = calloc(1, sizeof *d);
  if (d == NULL) abort();
  d->host = host;
  d->inst = inst;
  d->folder = c->url + 7;
  *ret_self = d;
  return 0;
}

static void desk_close(void *self) {
  struct desk *d = self;
  file_places_free(&d->known);
  free(d);
}

/* --- poll
 * ----------------------------------------------------------------------------------------- */

static void look_work(void *arg) {
  struct job *j = arg;
  j->rc = file_look(j->folder, str(j->cursor), LOOK_BYTES, &j->look, &j->err);
}

/* What was found is remembered, so that a fetch need not search. */
static void remember(struct desk *d, struct file_places *found) {
  for (size_t i = 0; i < found->count; i++) file_places_add(&d->known, found->list[i]);
  found->count = 0;
}

static void look_after(void *self, trg_op op, void *arg) {
  struct desk *d = self;
  struct job *j = arg;
  if (j->rc < 0) {
    done(d, op, TRG_RETRY, TRG_CODE_TRANSIENT, j->err.text);
    return;
  }
  if (j->look.bad > 0) {
    char n[24];
    snprintf(n, sizeof n, "%zu", j->look.bad);
    d->host->log(d->inst, TRG_WARN, "file.bad_lines",
                 (const char *const[]){"count", n, "first", j->look.first_bad, "why",
                                       "no JSON object with an id, or longer than 4 MiB", NULL});
  }
  if (j->look.unread != d->unread && j->look.unread > 0) {
    char n[24];
    snprintf(n, sizeof n, "%zu", j->look.unread);
    d->host->log(d->inst, TRG_WARN, "file.unread",
                 (const char *const[]){"count", n, "first", j->look.first_unread, NULL});
  }
  d->unread = j->look.unread;
  for (size_t i = 0; i < j->look.found.count; i++) {
    const struct file_place *at = &j->look.found.list[i];
    char version[400];
    snprintf(version, sizeof version, "%s:%lld", at->name, (long long)at->offset);
    const struct trg_notice n = {
        .size = sizeof n, .id = str(at->id), .version = str(version), .at_ms = d->host->now_ms()};
    d->host->emit_notice(op, &n);
  }
  d->host->set_cursor(op, str(j->look.cursor), j->look.more);
  remember(d, &j->look.found);
  done(d, op, TRG_DONE, TRG_CODE_OK, "");
}

static void desk_poll(void *self, trg_op op, struct trg_str cursor, int64_t since_ms) {
  (void)since_ms; /* what is in the folder is meant to be worked on */
  struct desk *d = self;
  struct job *j = job_new(d, op);
  j->cursor = copy(cursor);
  d->host->work(op, look_work, look_after, j);
}

static void desk_probe(void *self, trg_op op) {
  struct desk *d = self;
  struct stat st;
  if (stat(d->folder, &st) == 0 && S_ISDIR(st.st_mode))
    done(d, op, TRG_DONE, TRG_CODE_OK, "");
  else
    done(d, op, TRG_RETRY, TRG_CODE_TRANSIENT, "the folder is not there");
}

/* --- fetch
 * ---------------------------------------------------------------------------------------- */

static struct trg_str member(const cJSON *o, const char *key) {
  return str(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key)));
}

/* "2026-11-02T08:13:00Z" to milliseconds; 0 when it is not that. */
static int64_t moment(struct trg_str s) {
  int y, mo, d, h, mi, se;
  char text[32];
  if (s.n < 19 || s.n >= sizeof text) return 0;
  snprintf(text, sizeof text, "%.*s", (int)s.n, s.p);
  if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &y, &mo, &d, &h, &mi, &se) != 6) return 0;
  if (y < 1970 || y > 9999 || mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || se > 60)
    return 0;
  /* Days since 1970 by the civil calendar. */
  const int64_t yy = mo <= 2 ? y - 1 : y, era = yy / 400, yoe = yy - era * 400;
  const int64_t doy = (153 * (mo + (mo > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  const int64_t days = era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
  return (((days * 24 + h) * 60 + mi) * 60 + se) * 1000;
}

static int32_t status_of(struct trg_str s) {
  static const struct {
    const char *word;
    int32_t status;
  } words[] = {{"new", TRG_STATUS_NEW},         {"open", TRG_STATUS_OPEN},
               {"pending", TRG_STATUS_PENDING}, {"solved", TRG_STATUS_SOLVED},
               {"closed", TRG_STATUS_CLOSED},   {"deleted", TRG_STATUS_DELETED}};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (s.n == strlen(words[i].word) && memcmp(s.p, words[i].word, s.n) == 0)
      return words[i].status;
  return TRG_STATUS_NEW;
}

static bool is(struct trg_str s, const char *word) {
  return s.n == strlen(word) && memcmp(s.p, word, s.n) == 0;
}

/* The opening and the messages of "thread". ids are made from the place in the conversation, so
 * that the same message keeps its id in a longer thread. */
static void ticket_emit(struct desk *d, trg_op op, const struct job *j, const cJSON *o) {
  const cJSON *thread = cJSON_GetObjectItemCaseSensitive(o, "thread"), *one = NULL;
  const size_t most = (size_t)cJSON_GetArraySize(thread) + 1;
  struct trg_message *m = calloc(most, sizeof *m);
  char(*ids)[32] = calloc(most, sizeof *ids);
  if (m == NULL || ids == NULL) abort();
  const int64_t created = moment(member(o, "created_at"));
  const cJSON *requester = cJSON_GetObjectItemCaseSensitive(o, "requester");
  size_t n = 0;
  m[n++] = (struct trg_message){.size = sizeof *m,
                                .id = TRG_STR("1"),
                                .author = TRG_AUTHOR_CUSTOMER,
                                .author_name = member(requester, "name"),
                                .flags = TRG_MESSAGE_PUBLIC,
                                .at_ms = created != 0 ? created : d->host->now_ms(),
                                .text = member(o, "body")};
  cJSON_ArrayForEach(one, thread) {
    if (!cJSON_IsObject(one)) continue;
    const bool private = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(one, "public"));
    snprintf(ids[n], sizeof ids[n], "%zu", n + 1);
    const int64_t at = moment(member(one, "created_at"));
    m[n] = (struct trg_message){.size = sizeof *m,
                                .id = str(ids[n]),
                                .author = is(member(one, "author"), "agent") ? TRG_AUTHOR_AGENT
                                                                             : TRG_AUTHOR_CUSTOMER,
                                .flags = private ? 0 : TRG_MESSAGE_PUBLIC,
                                .at_ms = at != 0 ? at : m[n - 1].at_ms + 1,
                                .text = member(one, "body")};
    n++;
  }
  char version[400];
  snprintf(version, sizeof version, "%s:%lld", j->at.name, (long long)j->at.offset);
  const struct trg_ticket t = {.size = sizeof t,
                               .id = str(j->id),
                               .version = str(version),
                               .subject = member(o, "subject"),
                               .status = status_of(member(o, "status")),
                               .channel = TRG_CHANNEL_OTHER,
                               .language = member(o, "language"),
                               .requester_name = member(requester, "name"),
                               .requester_email = member(requester, "email"),
                               .created_ms = m[0].at_ms,
                               .updated_ms = m[n - 1].at_ms,
                               .messages = m,
                               .message_count = n};
  d->host->emit_ticket(op, &t);
  free(m);
  free(ids);
}

static void fetch_work(void *arg) {
  struct job *j = arg;
  if (j->at.name == NULL) {
    /* After a restart nothing is known: search from the beginning. */
    struct trg_str cursor = {NULL, 0};
    for (bool more = true; more;) {
      struct file_look look;
      if (file_look(j->folder, cursor, LOOK_BYTES, &look, &j->err) < 0) {
        j->rc = -1;
        return;
      }
      const struct file_place *at = file_places_find(&look.found, str(j->id));
      if (at != NULL) {
        free(j->at.id);
        free(j->at.name);
        j->at = (struct file_place){copy(str(at->id)), copy(str(at->name)), at->offset, at->n};
      }
      more = look.more;
      free(j->cursor);
      j->cursor = copy(str(look.cursor));
      cursor = str(j->cursor);
      file_look_free(&look);
    }
  }
  if (j->at.name == NULL) return;
  j->ticket = file_line(j->folder, &j->at, &j->err);
  if (j->ticket == NULL) j->rc = -1;
}

static void fetch_after(void *self, trg_op op, void *arg) {
  struct desk *d = self;
  struct job *j = arg;
  if (j->rc < 0) {
    done(d, op, TRG_RETRY, TRG_CODE_TRANSIENT, j->err.text);
    return;
  }
  if (j->ticket == NULL) {
    const struct trg_ticket gone = {
        .size = sizeof gone, .id = str(j->id), .status = TRG_STATUS_DELETED};
    d->host->emit_ticket(op, &gone);
    done(d, op, TRG_DONE, TRG_CODE_OK, "");
    return;
  }
  cJSON *o = cJSON_Parse(j->ticket);
  if (o == NULL) {
    done(d, op, TRG_RETRY, TRG_CODE_MALFORMED, "the line is no JSON any more");
    return;
  }
  ticket_emit(d, op, j, o);
  cJSON_Delete(o);
  done(d, op, TRG_DONE, TRG_CODE_OK, "");
}

static void desk_fetch(void *self, trg_op op, struct trg_str id) {
  struct desk *d = self;
  struct job *j = job_new(d, op);
  j->id = copy(id);
  const struct file_place *at = file_places_find(&d->known, id);
  if (at != NULL)
    j->at = (struct file_place){copy(str(at->id)), copy(str(at->name)), at->offset, at->n};
  d->host->work(op, fetch_work, fetch_after, j);
}

/* --- write and find
 * ------------------------------------------------------------------------------- */

static void add(cJSON *o, const char *key, struct trg_str s) {
  if (s.n == 0) return;
  char *text = copy(s);
  cJSON_AddStringToObject(o, key, text);
  free(text);
}

/* A write that may have happened is looked for (find) before the host repeats it, so that there is
 * no need to search here. */
static void write_work(void *arg) {
  struct job *j = arg;
  j->rc = file_append(j->folder, str(j->line), &j->err);
}

static void receipt(struct desk *d, trg_op op, const struct job *j) {
  const struct trg_receipt r = {.size = sizeof r,
                                .kind = str(j->reply ? "reply" : "note"),
                                .id = str(j->key),
                                .at_ms = d->host->now_ms()};
  d->host->emit_receipt(op, &r);
  done(d, op, TRG_DONE, TRG_CODE_OK, "");
}

static void write_after(void *self, trg_op op, void *arg) {
  struct job *j = arg;
  if (j->rc < 0)
    done(self, op, TRG_UNCERTAIN, TRG_CODE_TRANSIENT, j->err.text);
  else
    receipt(self, op, j);
}

static void desk_write(void *self, trg_op op, const struct trg_action *a) {
  struct desk *d = self;
  struct job *j = job_new(d, op);
  cJSON *o = cJSON_CreateObject();
  if (o == NULL) abort();
  add(o, "id", a->ticket_id);
  add(o, "key", a->idem_key);
  add(o, "category", a->category);
  add(o, "priority", a->priority);
  add(o, "team", a->team);
  add(o, "note", a->note);
  add(o, "reply", a->reply);
  if ((a->flags & TRG_ACTION_SOLVE) != 0) cJSON_AddStringToObject(o, "status", "solved");
  cJSON *tags = cJSON_AddArrayToObject(o, "tags");
  for (size_t i = 0; i < a->add_tag_count; i++) {
    char *tag = copy(a->add_tags[i]);
    cJSON_AddItemToArray(tags, cJSON_CreateString(tag));
    free(tag);
  }
  j->key = copy(a->idem_key);
  j->reply = a->reply.n > 0;
  j->line = cJSON_PrintUnformatted(o);
  cJSON_Delete(o);
  if (j->line == NULL) abort();
  d->host->work(op, write_work, write_after, j);
}

static void find_work(void *arg) {
  struct job *j = arg;
  j->rc = file_has_key(j->folder, str(j->key), &j->reply, &j->err);
}

static void find_after(void *self, trg_op op, void *arg) {
  struct desk *d = self;
  struct job *j = arg;
  if (j->rc < 0) {
    done(d, op, TRG_RETRY, TRG_CODE_TRANSIENT, j->err.text);
    return;
  }
  if (j->rc == 0) {
    done(d, op, TRG_REJECTED, TRG_CODE_NOT_FOUND, "results.jsonl has no such key");
    return;
  }
  receipt(d, op, j);
}

static void desk_find(void *self, trg_op op, const struct trg_action *a) {
  struct desk *d = self;
  struct job *j = job_new(d, op);
  j->key = copy(a->idem_key);
  d->host->work(op, find_work, find_after, j);
}

static const struct trg_connector_ops ops = {.size = sizeof ops,
                                             .caps = TRG_CAN_FIND | TRG_CAN_REPLY | TRG_CAN_NOTE |
                                                     TRG_CAN_FIELDS,
                                             .probe = desk_probe,
                                             .poll = desk_poll,
                                             .fetch = desk_fetch,
                                             .write = desk_write,
                                             .find = desk_find};

extern const struct trg_plugin triaged_plugin_file;
TRG_EXPORT const struct trg_plugin triaged_plugin_file = {
    .abi_major = TRG_ABI_MAJOR,
    .abi_minor = TRG_ABI_MINOR,
    .size = sizeof(struct trg_plugin),
    .kind = TRG_CONNECTOR,
    .name = "file",
    .version = "1",
    .license = "MIT",
    .summary = "a folder of JSON lines, one ticket each; results beside it",
    .fields = fields,
    .conf_size = sizeof(struct file_conf),
    .open = desk_open,
    .close = desk_close,
    .ops = &ops};
