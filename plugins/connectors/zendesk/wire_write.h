/*
 * What is sent to Zendesk: addresses and bodies. Pure.
 */
#ifndef ZENDESK_WIRE_WRITE_H
#define ZENDESK_WIRE_WRITE_H

#include "wire_read.h"

#define ZD_BODY_BYTES 64000 /* Zendesk cuts comment bodies at 64 kB without a word */

struct trg_str zd_stamp_of(struct trg_str version); /* the updated_at in a ticket's version */
void zd_url_export(struct hd_buf *buf, struct trg_str base, struct trg_str cursor, int64_t start_s,
                   int64_t per_page, const char *support_type_scope);
void zd_url_ticket(struct hd_buf *buf, struct trg_str base, struct trg_str id, const char *rest);
/* /tickets/{id}/{list}.json, oldest first unless newest_first. per_page 0: unpaged. */
void zd_url_list(struct hd_buf *buf, struct trg_str base, struct trg_str id, const char *list,
                 int64_t per_page, bool newest_first, struct trg_str cursor);
void zd_body_token(struct hd_buf *buf, const char *client_id, const char *secret,
                   const char *scope);

struct zd_map {            /* settings that write() needs, checked once at open */
  struct trg_str field_id; /* of write.category; empty: not written */
  const char *groups;      /* JSON object of team word to group id */
  bool tags, priority;
};
#define ZD_WROTE_COMMENT 1u
#define ZD_WROTE_FIELDS  2u
#define ZD_WROTE_TAGS    4u
#define ZD_WROTE_STATUS  8u
struct zd_update {
  const struct zd_ticket *now; /* as just read */
  const struct trg_action *action;
  const struct zd_map *map;
  struct trg_str comment; /* HTML; empty: none */
  bool is_public;
  bool with_fields; /* tags, fields and status go along, guarded by safe_update */
};
/* Writes the body of PUT /tickets/{id}; returns ZD_WROTE_*: what it changes. 0: nothing to do. */
unsigned zd_body_update(struct hd_buf *buf, const struct zd_update *update);
/* Checks a team map: 0, or -1 with err. */
int zd_groups_check(const char *json, struct trg_err *err);
int zd_category_check(const char *category, struct trg_str *ret_field_id, struct trg_err *err);

#endif
