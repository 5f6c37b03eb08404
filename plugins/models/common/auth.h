/*
 * The header that proves who asks: a key, or a token that a command prints (gcloud, az, a vault's
 * client), so that clouds and gateways need no code here. The command runs on a pool thread, with
 * a time limit, in a session of its own and an environment of PATH, HOME and LANG alone; what it
 * prints is kept until it expires, and never logged. One command runs at a time; calls that need
 * its token wait.
 */
#ifndef MODELS_COMMON_AUTH_H
#define MODELS_COMMON_AUTH_H

#include "llm.h"

/* Settings; a backend has this in its conf. */
struct llm_auth_conf {
  char *key;
  char *header, *value;
  char *token_command;
  int64_t token_ttl_ms, token_timeout_ms;
};
#define LLM_AUTH_AT(conf, member) (offsetof(conf, auth) + offsetof(struct llm_auth_conf, member))
/* The fields of it; conf is the struct that has it as its member `auth`. */
#define LLM_AUTH_FIELDS(conf, header_help)                                                         \
  {.name = "key",                                                                                  \
   .flags = TRG_SECRET,                                                                            \
   .offset = LLM_AUTH_AT(conf, key),                                                               \
   .help = "API key; a gateway or a server of your own may need none"},                            \
      {.name = "auth.header", .offset = LLM_AUTH_AT(conf, header), .help = (header_help)},         \
      {.name = "auth.value",                                                                       \
       .offset = LLM_AUTH_AT(conf, value),                                                         \
       .help = "what that header holds, with {key} for the key or the token; default Bearer "      \
               "{key} in authorization, {key} in others"},                                         \
      {.name = "auth.token_command",                                                               \
       .offset = LLM_AUTH_AT(conf, token_command),                                                 \
       .help = "command (sh -c) that prints a token in place of a key: the bare token, or JSON "   \
               "with access_token and expires_in"},                                                \
      {.name = "auth.token_ttl",                                                                   \
       .type = TRG_DURATION,                                                                       \
       .default_text = "4m",                                                                       \
       .min = 1000,                                                                                \
       .max = 86400000,                                                                            \
       .offset = LLM_AUTH_AT(conf, token_ttl_ms),                                                  \
       .help = "how long a token is used that does not say when it expires"},                      \
  {                                                                                                \
    .name = "auth.token_timeout", .type = TRG_DURATION, .default_text = "15s", .min = 100,         \
    .max = 120000, .offset = LLM_AUTH_AT(conf, token_timeout_ms),                                  \
    .help = "the command is killed after so long"                                                  \
  }

struct llm_auth {
  const struct llm_auth_conf *conf;
  const char *name; /* of the header; lower case, or as it was written */
  const char *template;
  struct llm_text value; /* what is sent; empty: nothing */
  int64_t expires_ms;    /* of a token; 0: none */
  trg_op running;        /* the operation under which the command runs, or 0 */
};

/* Checks and prepares. name and template are the backend's defaults (NULL: by the name); needed:
 * a message when there is neither key nor command, or NULL. 0, or -1 with err. */
int llm_auth_open(struct llm_auth *auth, const struct llm_auth_conf *conf, const char *name,
                  const char *template, const char *needed, struct trg_err *err);
/* err: the setting named in `text` is wrong. Returns -1. */
int llm_refuse(struct trg_err *err, const char *text);
void llm_auth_close(struct llm_auth *auth); /* also wipes */
bool llm_auth_ready(const struct llm_auth *auth, int64_t now_ms);
/* The vendor refused the token: ask for a new one. True when there is a command. */
bool llm_auth_renew(struct llm_auth *auth);
/* Does the text repeat the key or the token? */
bool llm_auth_quoted(const struct llm_auth *auth, const char *text);

/* Gets a token for this op. then(self, op, NULL) comes when there is one; with a sentence when
 * there will be none. The run is part of what the backend keeps for the op (op_set), because the
 * pool thread reads it until the op is over. */
typedef void llm_auth_fn(void *self, trg_op op, const char *why_not);
#define LLM_PRINTED_MAX_BYTES 16384
struct llm_auth_run {
  struct llm_auth *auth; /* not on the pool thread */
  const struct trg_host *host;
  llm_auth_fn *then;
  char *command;
  int64_t timeout_ms;
  char printed[LLM_PRINTED_MAX_BYTES];
  size_t n;
  char why[160]; /* empty: it worked */
};
void llm_auth_get(struct llm_auth *auth, const struct trg_host *host, trg_op op,
                  struct llm_auth_run **run, llm_auth_fn *then);
void llm_auth_run_free(struct llm_auth_run **run);

/* Reads what the command printed: the token (printable ASCII without blanks) and when it expires.
 * False when it is none. */
bool llm_token_read(struct trg_str printed, int64_t now_ms, int64_t ttl_ms, struct llm_text *ret,
                    int64_t *ret_expires_ms);

#endif
