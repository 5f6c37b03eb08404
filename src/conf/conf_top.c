/* The scalars of the top level: state, listen, log, access, limits, drain. */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/yaml.h"
#include "conf/part.h"

#define AT(member) offsetof(struct top, member)
const struct trg_field top_fields[] = {
    {.name = "state",
     .default_text = "/var/lib/triaged",
     .offset = AT(state),
     .help = "folder that holds triaged.db"},
    {.name = "listen",
     .default_text = "127.0.0.1:8377",
     .offset = AT(listen),
     .help = "webhooks, health, metrics, MCP; off for none"},
    {.name = "access.mcp_token",
     .flags = TRG_SECRET,
     .offset = AT(mcp_token),
     .help = "who asks /mcp must show it, or one of mcp_tokens; reads only"},
    {.name = "access.mcp_per_minute",
     .type = TRG_INT,
     .default_text = "6000",
     .min = 1,
     .max = 1000000,
     .offset = AT(mcp_per_minute),
     .help = "requests to /mcp of one caller, unless its token says otherwise"},
    {.name = "access.metrics_token",
     .flags = TRG_SECRET,
     .offset = AT(metrics_token),
     .help = "who asks /metrics must show it; needed when listen is not a loopback address"},
    {.name = "log.level",
     .type = TRG_CHOICE,
     .default_text = "info",
     .words = "error warn info debug",
     .offset = AT(log_level),
     .help = "what is worth a line"},
    {.name = "log.format",
     .type = TRG_CHOICE,
     .default_text = "text",
     .words = "text json",
     .offset = AT(log_format),
     .help = "one line per event either way"},
    {.name = "taxonomy",
     .default_text = "skills",
     .offset = AT(taxonomy),
     .help = "skills, or a file of categories and teams"},
    {.name = "policy.auto.accept",
     .type = TRG_DECIMAL,
     .default_text = "0.90",
     .min = 0,
     .max = 1,
     .offset = AT(auto_accept),
     .help = "confidence from which a draft may be sent without a person"},
    {.name = "policy.auto.citation",
     .type = TRG_CHOICE,
     .default_text = "required",
     .words = "required optional",
     .offset = AT(auto_citation),
     .help = "must a reply that is sent without a person cite its source?"},
    {.name = "policy.disclosure",
     .offset = AT(disclosure),
     .help = "stands before the first AI message of a conversation"},
    {.name = "policy.replies_per_ticket",
     .type = TRG_INT,
     .default_text = "5",
     .min = 1,
     .max = 1000,
     .offset = AT(replies_per_ticket),
     .help = "at most so many of our replies a ticket and day: breaks loops"},
    {.name = "policy.approval_within",
     .type = TRG_DURATION,
     .default_text = "24h",
     .min = 60000,
     .max = (int64_t)30 * 24 * 3600 * 1000,
     .offset = AT(approval_ms),
     .help = "so long a draft waits for a person who approves a tool's call; then it goes on "
             "without"},
    {.name = "billing.book",
     .default_text = "per-resolution",
     .offset = AT(book),
     .help = "a price book by name, or a file"},
    {.name = "billing.period",
     .type = TRG_CHOICE,
     .default_text = "month",
     .words = "month",
     .offset = AT(period),
     .help = "what one invoice covers"},
    {.name = "billing.signing_key",
     .flags = TRG_SECRET,
     .offset = AT(signing_key),
     .help = "Ed25519 private key (PEM) for ledger export --signed; triagectl ledger keygen makes "
             "one"},
    {.name = "billing.stripe.key",
     .flags = TRG_SECRET,
     .offset = AT(meter_key),
     .help = "secret key: final charges are sent as Stripe meter events; nothing is without it"},
    {.name = "billing.stripe.url",
     .type = TRG_URL,
     .default_text = "https://api.stripe.com",
     .offset = AT(meter_url),
     .help = "where they are sent"},
    {.name = "billing.stripe.event_name",
     .offset = AT(meter_event_name),
     .help = "event_name of the meter that counts them"},
    {.name = "billing.stripe.customer",
     .offset = AT(meter_customer),
     .help = "id of the customer who pays, as cus_..., for helpdesks that customers does not name"},
    {.name = "billing.stripe.value",
     .type = TRG_CHOICE,
     .default_text = "charges",
     .words = "charges micros",
     .offset = AT(meter_value),
     .help = "what an event counts: 1 a charge, or its amount in millionths of a US dollar"},
    {.name = "retention.requests",
     .type = TRG_DURATION,
     .default_text = "30d",
     .min = 86400000,
     .max = INT64_C(315360000000),
     .offset = AT(keep_requests_ms),
     .help = "how long recorded model requests and responses are kept, for replay"},
    {.name = "retention.messages",
     .type = TRG_DURATION,
     .default_text = "0s",
     .min = 0,
     .max = INT64_C(315360000000),
     .offset = AT(keep_messages_ms),
     .help = "how long after its end the texts of a ticket are kept; 0: always"},
    {.name = "limits.model_cost_per_day",
     .offset = AT(model_cost_per_day),
     .help = "US dollars for model calls a day, as 50.00; no limit when absent"},
    {.name = "limits.on_limit",
     .type = TRG_CHOICE,
     .default_text = "draft",
     .words = "draft queue stop",
     .offset = AT(on_limit),
     .help = "when it is used up: draft with what is free, queue until tomorrow, or stop"},
    {.name = "training.retrain",
     .type = TRG_INT,
     .default_text = "100",
     .min = 0,
     .max = 1000000,
     .offset = AT(retrain_tickets),
     .help = "newly solved tickets after which the embedded model learns again; 0: never"},
    {.name = "drain",
     .type = TRG_DURATION,
     .default_text = "20s",
     .min = 0,
     .max = 600000,
     .offset = AT(drain_ms),
     .help = "time for what is in flight when the daemon is told to stop"},
    {.name = NULL},
};

const struct trg_field top_lists[] = {
    {.name = "access.mcp_tokens",
     .type = TRG_JSON,
     .help = "who may use /mcp: {name, token, grants: [read, write, send], helpdesk, per_minute}"},
    {.name = "access.hosts",
     .type = TRG_JSON,
     .help = "names under which /mcp may be asked behind a proxy, beside loopback's"},
    {.name = "helpdesks", .type = TRG_JSON, .flags = TRG_REQUIRED, .help = "where tickets are"},
    {.name = "models", .type = TRG_JSON, .help = "without it one model: the embedded local one"},
    {.name = "tasks",
     .type = TRG_JSON,
     .help = "which models do what; the first is tried first; without it all, in their order here"},
    {.name = "skills",
     .type = TRG_JSON,
     .help = "Agent Skills folders or whole plugin folders; default: those that were installed"},
    {.name = "knowledge",
     .type = TRG_JSON,
     .help = "markdown and text, indexed for grounding; all in it may be quoted to customers"},
    {.name = "mcp_servers",
     .type = TRG_JSON,
     .help = "same form as .mcp.json; only the tools named in allow are used"},
    {.name = "connectors",
     .type = TRG_JSON,
     .help = "what ~~CATEGORY in a skill stands for: a helpdesk or MCP server, as {CRM: orders}"},
    {.name = "billing.stripe.customers",
     .type = TRG_JSON,
     .help = "who pays for which helpdesk, as {shop: cus_1, trade: cus_2}"},
    {.name = "policy.auto.categories",
     .type = TRG_JSON,
     .help = "categories that may be answered without a person; none by default"},
    {.name = "policy.tools",
     .type = TRG_JSON,
     .help = "tools that a draft may use though they change something, as [orders.refund] or "
             "[{name: orders.refund, approval: none}]"},
    {.name = "policy.links", .type = TRG_JSON, .help = "only links to these hosts may leave"},
    {.name = "compliance",
     .type = TRG_JSON,
     .help = "templates for redaction, retention, model gates and approval"},
    {.name = NULL},
};

/* ---- listen ---- */

static bool is_loopback(const char *host) {
  struct in_addr v4;
  if (inet_pton(AF_INET, host, &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0;
}

/* "HOST:PORT" or "[V6]:PORT". The port, or -1. */
static int address_split(struct trg_str text, struct trg_str *ret_host) {
  ptrdiff_t colon = -1;
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] == ':') colon = (ptrdiff_t)i;
  int64_t port = -1;
  if (colon <= 0) return -1;
  const size_t n = (size_t)colon;
  if (str_to_int((struct trg_str){text.p + n + 1, text.n - n - 1}, &port) != 0) return -1;
  struct trg_str host = {text.p, n};
  const bool bracketed = host.p[0] == '[' && host.p[n - 1] == ']';
  if (bracketed) host = (struct trg_str){host.p + 1, n - 2};
  for (size_t i = 0; i < host.n; i++)
    if ((unsigned char)host.p[i] <= ' ' || (!bracketed && host.p[i] == ':')) return -1;
  if (host.n == 0 || port < 0 || port > 65535) return -1;
  *ret_host = host;
  return (int)port;
}

void listen_read(struct part *p, const char *text, bool has_tokens) {
  struct conf *c = p->conf;
  const struct yaml *node = yaml_get(p->root, "listen");
  struct trg_str host;
  if (text == NULL || strcmp(text, "off") == 0) return;
  const int port = address_split(str_of(text), &host);
  if (port < 0) {
    field_wrong(&p->r, node, "listen",
                "must be ADDRESS:PORT, as 127.0.0.1:8377 or [::1]:8377, or off");
    return;
  }
  c->listen_host = arena_dup(p->r.arena, host);
  c->listen_port = port;
  if (is_loopback(c->listen_host) || p->reading) return;
  if (c->mcp_token == NULL && !has_tokens)
    field_wrong(&p->r, node, "access.mcp_token",
                "is missing, and listen is not a loopback address: whoever reaches it could use "
                "/mcp; write access: {mcp_token: \"${file:mcp_token}\", metrics_token: "
                "\"${file:metrics_token}\"}, or listen on 127.0.0.1");
  if (c->metrics_token == NULL)
    field_wrong(&p->r, node, "access.metrics_token",
                "is missing, and listen is not a loopback address: whoever reaches it could read "
                "/metrics; write access: {mcp_token: \"${file:mcp_token}\", metrics_token: "
                "\"${file:metrics_token}\"}, or listen on 127.0.0.1");
}

/* ---- all of it ---- */

static int word_index(const char *words, const char *word) {
  struct trg_str rest = str_of(words), piece;
  for (int i = 0; str_next(&rest, ' ', &piece); i++)
    if (word != NULL && str_is(piece, word)) return i;
  return 0;
}

static const struct yaml *node_at(const struct part *p, const char *a, const char *b) {
  return yaml_get(yaml_get(p->root, a), b);
}

static void limits_read(struct part *p, const struct top *t) {
  p->conf->on_limit = (enum conf_on_limit)word_index("draft queue stop", t->on_limit);
  if (t->model_cost_per_day == NULL) return;
  int64_t micros = 0;
  if (money_parse(str_of(t->model_cost_per_day), &micros) != 0 || micros <= 0) {
    field_wrong(&p->r, node_at(p, "limits", "model_cost_per_day"), "limits.model_cost_per_day",
                "must be US dollars above 0, with at most six decimal places, as 50.00; leave it "
                "out for no limit");
    return;
  }
  p->conf->model_cost_per_day_micros = micros;
}

/* Who pays, and whether the setting is whole: part_meter. */
static void meter_read(struct part *p, const struct top *t) {
  p->conf->meter = (struct conf_meter){.key = t->meter_key,
                                       .url = t->meter_url,
                                       .event_name = t->meter_event_name,
                                       .customer = t->meter_customer,
                                       .micros = word_index("charges micros", t->meter_value) == 1};
}

static void state_read(struct part *p, const struct top *t) {
  const char *text = t->state == NULL || t->state[0] == '\0' ? "/var/lib/triaged" : t->state;
  p->conf->state = conf_place_of(p, text);
  if (file_exists(p->conf->state) && !file_is_dir(p->conf->state))
    field_wrong(&p->r, yaml_get(p->root, "state"), "state",
                "must be a folder, and %s is a file; name another", p->conf->state);
}

void part_top(struct part *p) {
  struct top t = {0};
  struct conf *c = p->conf;
  field_fill(&p->r, p->root, "", top_fields, top_lists, &t);
  state_read(p, &t);
  c->mcp_token = t.mcp_token != NULL && t.mcp_token[0] != '\0' ? t.mcp_token : NULL;
  c->metrics_token = t.metrics_token != NULL && t.metrics_token[0] != '\0' ? t.metrics_token : NULL;
  c->mcp_per_minute = t.mcp_per_minute;
  const struct yaml *tokens = node_at(p, "access", "mcp_tokens");
  listen_read(p, t.listen, !yaml_is_null(tokens) && tokens->first != NULL);
  c->log_level = word_index("error warn info debug", t.log_level);
  c->log_json = word_index("text json", t.log_format) == 1;
  c->taxonomy = t.taxonomy == NULL || strcmp(t.taxonomy, "skills") == 0 ? NULL : t.taxonomy;
  c->policy.auto_accept = t.auto_accept;
  c->policy.citation_required = word_index("required optional", t.auto_citation) == 0;
  c->policy.disclosure = t.disclosure;
  c->policy.replies_per_ticket = t.replies_per_ticket;
  c->policy.approval_ms = t.approval_ms;
  c->book = t.book;
  c->period = t.period;
  c->signing_key = t.signing_key;
  c->drain_ms = t.drain_ms;
  c->retrain_tickets = t.retrain_tickets;
  c->keep_requests_ms = t.keep_requests_ms;
  c->keep_messages_ms = t.keep_messages_ms;
  limits_read(p, &t);
  meter_read(p, &t);
}
