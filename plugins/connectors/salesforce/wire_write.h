/*
 * What is sent to Salesforce: paths and bodies. Pure.
 */
#ifndef SALESFORCE_WIRE_WRITE_H
#define SALESFORCE_WIRE_WRITE_H

#include "wire_read.h"

#define SF_COMMENT_BYTES 4000   /* what a CaseComment takes */
#define SF_FEED_CHARS    10000  /* what a FeedItem takes */
#define SF_MAIL_BYTES    120000 /* an EmailMessage keeps 131,072 characters of HTML */

/* ---- signing in ---- */
void salesforce_body_client(struct hd_buf *buf, const char *client_id, const char *secret);
/* The part of a JWT that is signed: header and claims, each base64url, with the dot between. */
void salesforce_put_claims(struct hd_buf *buf, const char *client_id, const char *username,
                           const char *audience, int64_t now_s);
void salesforce_put_base64url(struct hd_buf *buf, struct trg_str bytes);
void salesforce_body_assertion(struct hd_buf *buf, struct trg_str assertion);

/* ---- settings that write() needs, checked once at open ---- */
struct sf_map {
  struct sf_columns columns;
  const char *groups;     /* JSON object of team word to queue or user id, or NULL */
  const char *priorities; /* JSON object of P1..P4 to picklist value, or NULL */
  const char *solved;     /* name of the status to solve with, or NULL */
  const char *sender;     /* organisation-wide address, or NULL */
  bool tags, priority;
  bool feed_notes; /* notes are feed posts, not comments */
};
int salesforce_groups_check(const char *json, struct trg_err *err);
int salesforce_priorities_check(const char *json, struct trg_err *err);
/* "field:Triage_Category__c" or the name alone; key: how the setting is called. */
int salesforce_column_check(const char *text, const char *key, char ret_name[80],
                            struct trg_err *err);

/* ---- one write ---- */
#define SF_WROTE_FIELDS 1u
#define SF_WROTE_TAGS   2u
#define SF_WROTE_STATUS 4u
#define SF_WROTE_MARKER 8u
/* The fields of a PATCH, as a JSON object; returns SF_WROTE_*: what it changes. 0: nothing. What
 * has its value already is left out. with_status: the status to close with, or NULL. */
unsigned salesforce_put_fields(struct hd_buf *buf, const struct sf_case *now,
                               const struct trg_action *action, const struct sf_map *map,
                               const char *with_status);
/* A note or a published comment as the body of the POST that makes it. */
void salesforce_put_comment(struct hd_buf *buf, struct trg_str case_id, struct trg_str html,
                            bool is_public);
void salesforce_put_post(struct hd_buf *buf, struct trg_str case_id, struct trg_str html);
void salesforce_put_mail(struct hd_buf *buf, const struct sf_case *kase, struct trg_str html,
                         const char *sender);
/* "Sat, 21 Nov 2026 01:36:40 GMT" */
void salesforce_put_http_date(struct hd_buf *buf, int64_t at_ms);

struct sf_part { /* of a composite; body is JSON */
  const char *method;
  struct trg_str path, body;
  int64_t unmodified_ms; /* If-Unmodified-Since; 0: none */
};
void salesforce_put_composite(struct hd_buf *buf, const struct sf_part *parts, size_t count);

#endif
