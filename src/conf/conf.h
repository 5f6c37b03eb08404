/*
 * The configuration: YAML text to one checked, immutable value. Every problem is reported, not
 * only the first. Plugins describe their own settings; conf reads them by those descriptions and
 * knows nothing else of them.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct yaml;

enum conf_mode { MODE_OFF = 0, MODE_SHADOW = 1, MODE_DRAFT = 2, MODE_AUTO = 3 };
const char *conf_mode_word(enum conf_mode m);

struct conf_helpdesk {
  const char *name, *connector;
  enum conf_mode mode;
  int64_t poll_ms;
  int64_t since_ms; /* 0: now, that is the first start */
  bool sandbox;
  int64_t max_in_flight;
  const struct trg_plugin *plugin;
  void *settings;         /* the plugin's own struct, filled */
  const char *origins[4]; /* URLs among its settings */
  size_t origin_count;
  uint32_t line;
  int64_t macros_ms;        /* between two walks over its saved replies; 0: never */
  const char *resolved_tag; /* the vendor's mark of its own resolutions; NULL: none */
  char hash[65]; /* of this block after references were resolved: did it change at reload? */
};

/* One dated, tiered price: US dollars per million tokens, in micro-dollars. */
struct conf_price {
  int64_t from_ms;      /* 0: always */
  int64_t above_tokens; /* this tier applies when the prompt is longer; 0: base */
  int64_t input_micros, output_micros, cache_read_micros, cache_write_micros; /* per million */
  bool has_cache_read, has_cache_write; /* absent: input's price */
  int64_t batch_millionths; /* share of all of it that a batched call costs: 500000 is half */
};

struct conf_model {
  const char *name, *backend, *model;
  const struct conf_price *prices; /* ascending by (from, above); empty for local */
  size_t price_count;
  int64_t timeout_ms;
  int64_t first_timeout_ms; /* until it has answered once */
  int64_t max_in_flight;
  const struct trg_plugin *plugin;
  void *settings;
  const char *origins[4];
  size_t origin_count;
  uint32_t line;
  char hash[65];
  const char *retires; /* day on which the vendor ends it; NULL: not told */
  const char *baa_party, *baa_date, *baa_scope; /* business associate agreement; NULL: none */
  bool local;                                   /* nothing leaves this machine */
};

struct conf_task {
  const struct conf_model *const *models; /* in order of trying */
  size_t model_count;
  double accept; /* below it the next model decides; also the floor for acting on a verdict */
  double share;  /* shadow */
  int64_t cost_per_day_micros; /* shadow; 0: no limit */
  int64_t hedge_ms;            /* a second request after so long without an answer; 0: never */
  bool batch;
  bool set; /* written in the file */
};

bool conf_task_has(const struct conf_task *t, const char *model);

enum conf_on_limit { ON_LIMIT_DRAFT = 0, ON_LIMIT_QUEUE = 1, ON_LIMIT_STOP = 2 };

/* A tool of an MCP server that a draft may use although it does not only read. */
struct conf_tool {
  const char *name;   /* "server.tool" */
  bool asks;          /* a person, before each call */
  bool personal_data; /* tokens in its arguments are restored */
};

struct conf_policy {
  double auto_accept; /* confidence from which a draft may be sent without a person */
  const char *const *auto_categories; /* empty: none */
  size_t auto_category_count;
  bool citation_required;
  const char *const *links; /* hosts that may be linked in a reply */
  size_t link_count;
  const char *disclosure;
  const struct conf_tool *tools;
  size_t tool_count;
  int64_t approval_ms;        /* how long a tool's call waits for a person */
  int64_t replies_per_ticket; /* loop breaker: at most so many of ours a ticket and day */
};

struct conf_mcp_server {
  const char *name;
  const char *json; /* the block as JSON text, references resolved */
  const char *const *allow;
  size_t allow_count;
  uint32_t line;
  int64_t price_micros; /* of one call */
};

/* Who may use /mcp, by the token that they show. */
#define CONF_MCP_READ  1u
#define CONF_MCP_WRITE 2u /* fields and internal notes */
#define CONF_MCP_SEND  4u /* what a customer sees */
struct conf_mcp_token {
  const char *name, *token;
  uint32_t grants;
  const char *helpdesk; /* the only one that it may see; NULL: all */
  int64_t per_minute;   /* requests */
  bool confirm;         /* a person at the client confirms what customers will see */
};

/* Where final charges are sent as meter events; event_name NULL: nowhere. */
struct conf_customer {
  const char *helpdesk, *customer;
};
struct conf_meter {
  const char *key, *url, *event_name;
  const char *customer; /* who pays for helpdesks that are not among customers; NULL: nobody */
  bool micros;          /* an event counts money, else charges */
  const struct conf_customer *customers;
  size_t customer_count;
};

/* What a skill's "~~category" stands for: the name of a helpdesk or of an MCP server. */
struct conf_connector {
  const char *category, *name;
};

struct conf {
  const char *file; /* path it came from */
  const char *state;
  const char *listen_host; /* NULL: off */
  int listen_port;
  int log_level;
  bool log_json;
  const struct conf_helpdesk *helpdesks;
  size_t helpdesk_count;
  const struct conf_model *models; /* at least one: the embedded one when none is written */
  size_t model_count;
  struct conf_task triage, draft, verify, shadow;
  const char *taxonomy; /* NULL: from the skills; else a file */
  const char *const *skills;
  size_t skill_count;
  const char *const *knowledge;
  size_t knowledge_count;
  const struct conf_mcp_server *mcp_servers;
  size_t mcp_server_count;
  const char *mcp_token, *metrics_token; /* access tokens; NULL: none */
  const struct conf_mcp_token *mcp_tokens;
  size_t mcp_token_count;
  const char *const *access_hosts; /* names under which /mcp may be asked, beside loopback's */
  size_t access_host_count;
  int64_t mcp_per_minute; /* of who shows mcp_token or, on loopback, none */
  struct conf_policy policy;
  const char *const *compliance;
  size_t compliance_count;
  const char *const *compliance_folders; /* of the templates, in the same order */
  unsigned pii_profiles;                 /* enum pii_profile, of all templates together */
  int64_t keep_requests_ms;              /* recorded model requests and responses */
  int64_t keep_messages_ms;              /* texts of tickets that are done; 0: kept */
  const char *book;                      /* name or path */
  const char *book_path;                 /* found file; NULL: the built-in per-resolution book */
  const char *period;                    /* "month" */
  int64_t model_cost_per_day_micros;     /* 0: no limit */
  enum conf_on_limit on_limit;
  int64_t drain_ms;
  int64_t retrain_tickets; /* newly solved tickets that make the embedded model learn; 0: never */
  const char *signing_key; /* PEM; NULL: none */
  /* Where keys stand whose content is looked at later; 1 when they are not written. */
  struct {
    uint32_t skills, knowledge, auto_categories, tasks;
  } lines;
  char hash[65]; /* of the whole file's text: kept with every decision */
  const struct conf_connector *connectors;
  size_t connector_count;
  struct conf_meter meter;
};

/* How conf finds plugins: the owner asks its registry. */
struct conf_plugins {
  const struct trg_plugin *(*find)(void *arg, int32_t kind, const char *name, struct trg_err *err);
  const char *const *(*names)(void *arg, int32_t kind); /* for "known are ..." */
  void *arg;
};

struct conf_problem {
  const char *file;
  uint32_t line;    /* 0: the whole file */
  const char *key;  /* dotted path, e.g. "helpdesks[0].auth.type" */
  const char *text; /* what is wrong and what would be right */
  bool warning;
};
struct conf_problems {
  struct conf_problem *items;
  size_t count, room, errors;
};
void problems_add(struct conf_problems *p, bool warning, const char *file, uint32_t line,
                  const char *key, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* "FILE:LINE: KEY: text"; mem_free. */
char *problem_text(const struct conf_problem *one);
/* The same for each, one a line, to out (a FILE *). */
void problems_print(const struct conf_problems *p, void *out);
void problems_free(struct conf_problems *p);

/* Reads, resolves references, checks. NULL when there are errors (they are in p; warnings are
 * there in both cases). Secrets found are registered with log_mask. */
struct conf *conf_load(const char *path, const struct conf_plugins *plugins,
                       struct conf_problems *p);
/* The same of a text that was read already; `path` is for messages and relative paths. */
struct conf *conf_parse(struct trg_str text, const char *path, const struct conf_plugins *plugins,
                        struct conf_problems *p);
/* For commands that only read the state: secrets that this user can not resolve (another user's
 * environment, the service's credentials) are warnings, and absent in the settings. Open no
 * plugin instance with what comes out. */
struct conf *conf_load_reading(const char *path, const struct conf_plugins *plugins,
                               struct conf_problems *p);
/* For `--check`: comes also when there are errors, as far as it could be read, so that what it
 * names is looked at in the same run; NULL only when there is no such file or no YAML in it. A
 * helpdesk or model with an error has neither plugin nor settings, a place that is not there is
 * left out. */
struct conf *conf_load_checking(const char *path, const struct conf_plugins *plugins,
                                struct conf_problems *p);
void conf_free(struct conf **c);
const struct conf_helpdesk *conf_helpdesk(const struct conf *c, struct trg_str name);
const struct conf_model *conf_model(const struct conf *c, struct trg_str name);
/* The annotated reference of every key, the plugins' own included, as YAML comments; mem_free. */
char *conf_reference(const struct conf_plugins *plugins);

/* Who pays for this helpdesk's charges; NULL: nobody. */
const char *conf_customer_of(const struct conf_meter *m, const char *helpdesk);

#endif
