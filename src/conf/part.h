/*
 * What the files of this room share: one reading of one file, and the parts of it.
 */
#ifndef CONF_PART_H
#define CONF_PART_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

#include "conf/conf.h"
#include "conf/field.h"

struct part {
  struct conf *conf; /* being filled */
  struct field_reader r;
  const struct conf_plugins *plugins;
  const struct yaml *root;
  bool reading; /* for who only reads the state: plugins' settings may lack what is secret */
};

/* Each reads its key below the root into part->conf; in this order. */
void part_top(struct part *p);
void part_access(struct part *p); /* after helpdesks */
void part_helpdesks(struct part *p);
void part_meter(struct part *p); /* after helpdesks */
void part_models(struct part *p);
void part_tasks(struct part *p);
void part_policy(struct part *p);
void part_places(struct part *p);
void part_mcp_servers(struct part *p);
void part_connectors(struct part *p); /* after helpdesks and servers */
void part_tools(struct part *p);      /* after servers */

/* The scalars of the top level as they are written, before they are looked at together. */
struct top {
  char *state, *listen, *log_level, *log_format, *mcp_token, *metrics_token, *taxonomy;
  char *auto_citation, *disclosure, *book, *period, *model_cost_per_day, *on_limit;
  char *signing_key;
  char *meter_key, *meter_url, *meter_event_name, *meter_customer, *meter_value;
  double auto_accept;
  int64_t replies_per_ticket, approval_ms, drain_ms, mcp_per_minute, retrain_tickets;
  int64_t keep_requests_ms, keep_messages_ms;
};
extern const struct trg_field top_fields[], top_lists[]; /* what the reader fills; the rest */
extern const struct trg_field helpdesk_fields[], model_fields[], price_fields[], task_fields[];
extern const struct trg_field shadow_fields[], mcp_fields[], token_fields[], tool_fields[];

void listen_read(struct part *p, const char *text, bool has_tokens);
/* Prices of one model's block; false when there are none to be had (told). */
void prices_read(struct part *p, const struct yaml *node, const char *path, struct conf_model *m);
/* Finds the plugin of a block, or tells why not and which there are. */
const struct trg_plugin *plugin_find(struct part *p, const struct yaml *map, const char *path,
                                     const char *key, int32_t kind, const char *name);
/* Reads the plugin's own settings, and the origins among them. */
void *settings_read(struct part *p, const struct yaml *map, const char *path,
                    const struct trg_plugin *plugin, const struct trg_field *host,
                    const char *origins[4], size_t *ret_origin_count);
/* Hash of a block with its references resolved. */
void block_hash(struct part *p, const struct yaml *map, const char *path, const char *more,
                char hash[65]);
/* A name as may stand in references, URLs and reports; tells when it may not. */
bool name_fine(struct part *p, const struct yaml *map, const char *path, const char *name);
/* Absolute path of what is relative to the config's folder. */
const char *conf_place_of(struct part *p, const char *text);
/* Where the compliance template of this name should be; NULL when no skills are installed. */
const char *conf_template_folder(struct part *p, const char *name);
const char *path_key(struct part *p, const char *path, const char *key); /* "path.key" */
const char *path_item(struct part *p, const char *path, size_t i);       /* "path[i]" */

void problems_vadd(struct conf_problems *p, bool warning, const char *file, uint32_t line,
                   const char *key, const char *format, va_list args)
    __attribute__((format(printf, 6, 0)));
void problems_move(struct conf_problems *from, struct conf_problems *to); /* sorted by line */
void lenience(struct part *p, bool plugin);                               /* of what is read next */

#endif
