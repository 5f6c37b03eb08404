/*
 * What is sent to Intercom: addresses and bodies, and the settings that they need. Pure.
 */
#ifndef INTERCOM_WIRE_WRITE_H
#define INTERCOM_WIRE_WRITE_H

#include "wire_read.h"

#define INTERCOM_BODY_BYTES 60000      /* of a note or reply; no limit is published */
#define INTERCOM_MARKER     "triaged:" /* ends a note, and the write's key follows it */

struct intercom_map {                /* settings that writing needs, checked once at open */
  struct trg_str category, priority; /* names of custom attributes; empty: not written */
  const char *groups;                /* JSON object of team word to team or admin id */
  bool tags;
};
/* ---- settings: 0, or -1 with err ---- */
int intercom_groups_check(const char *json, struct trg_err *err);
/* "custom_attribute:NAME". ret_name: empty when value is NULL, "" or "false". */
int intercom_attribute_check(const char *key, const char *value, struct trg_str *ret_name,
                             struct trg_err *err);

/* ---- what is to be written ---- */
struct intercom_pair intercom_category_of(const struct intercom_map *map,
                                          const struct trg_action *action);
struct intercom_pair intercom_priority_of(const struct intercom_map *map,
                                          const struct trg_action *action);
/* Has the item this text in that attribute already? Also when there is nothing to write. */
bool intercom_has_attribute(const struct intercom_item *item, const struct intercom_pair *want);
bool intercom_has_tag(const struct intercom_item *item, struct trg_str name);
/* Whom the settings give this team word to: "admin" or "team" and an id; empty: nobody. */
struct intercom_pair intercom_assignee_of(const struct intercom_map *map, struct trg_str team,
                                          struct hd_mem *mem);
bool intercom_is_assigned(const struct intercom_item *item, const struct intercom_pair *to);

/* ---- addresses and bodies ---- */
void intercom_url(struct hd_buf *buf, struct trg_str base, struct intercom_key key,
                  const char *rest);
void intercom_body_attributes(struct hd_buf *buf, bool is_ticket, struct trg_str admin_id,
                              const struct intercom_pair *pairs, size_t count);
void intercom_body_assign(struct hd_buf *buf, bool is_ticket, struct trg_str admin_id,
                          const struct intercom_pair *to);
void intercom_body_tag(struct hd_buf *buf, struct trg_str admin_id, struct trg_str tag_id);
void intercom_body_reply(struct hd_buf *buf, struct trg_str admin_id, bool is_note,
                         struct trg_str html, struct trg_str key);
void intercom_body_solve(struct hd_buf *buf, bool is_ticket, struct trg_str admin_id,
                         struct trg_str state_id);
/* The key as it stands in a marker: letters, digits, ".", "-" and "_" only. */
void intercom_put_marker(struct hd_buf *buf, struct trg_str key);

#endif
