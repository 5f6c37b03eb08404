/*
 * Questions in SOQL, the cursor of polling, and the pages that answer a poll. Pure.
 */
#ifndef SALESFORCE_WIRE_QUERY_H
#define SALESFORCE_WIRE_QUERY_H

#include <triaged/connector.h>

#include "text.h"

/* The objects that a conversation consists of. Posting to a child does not touch its case, so each
 * is watched by itself. */
enum sf_list { SF_CASES, SF_MAILS, SF_COMMENTS, SF_FEED, SF_LISTS, SF_HISTORY = SF_LISTS };
const char *salesforce_list_object(int list);

/* Columns that not every org has, or that its administrator may hide from us: a query that fails
 * for one of them is asked again without it. */
#define SF_NO_MASTER     1u   /* Case.MasterRecordId */
#define SF_NO_CONTACT    2u   /* Case.Contact.Name */
#define SF_NO_OWNER      4u   /* Case.Owner.Name */
#define SF_NO_CREATOR    8u   /* CreatedBy.Name, CreatedBy.UserType */
#define SF_NO_HEADERS    16u  /* EmailMessage.Headers */
#define SF_NO_FROM_NAME  32u  /* EmailMessage.FromName */
#define SF_NO_RICH       64u  /* FeedItem.IsRichText */
#define SF_NO_VISIBILITY 128u /* FeedItem.Visibility */
#define SF_NO_LABEL      256u /* CaseStatus.MasterLabel */
#define SF_NO_LANGUAGE   512u /* Case.Language */
/* Which of the columns that are still asked for an INVALID_FIELD error means; all of them when it
 * names none. 0: it means one that must be there. */
unsigned salesforce_columns_blamed(const char *error_text, unsigned asked);
unsigned salesforce_case_columns(unsigned without);
unsigned salesforce_list_columns(int list, unsigned without);
unsigned salesforce_status_columns(unsigned without);

/* A string literal of SOQL, with its quotes: nothing in `text` ends it. */
void salesforce_put_soql(struct hd_buf *buf, struct trg_str text);
/* 2026-11-21T01:36:40Z, with milliseconds when there are some. */
void salesforce_put_time(struct hd_buf *buf, int64_t at_ms);
/* extra: columns of the settings, each behind a comma; may be empty. */
void salesforce_put_case_query(struct hd_buf *buf, struct trg_str id, unsigned without,
                               struct trg_str extra);
void salesforce_put_list_query(struct hd_buf *buf, int list, struct trg_str case_id,
                               unsigned without);
void salesforce_put_status_query(struct hd_buf *buf, unsigned without);

/* Where polling stands. As text it is versioned and says nothing but this. */
struct sf_cursor {
  int64_t from_ms;           /* never before this */
  int64_t mark_ms[SF_LISTS]; /* all before this was read, but for rows that show up late */
  int on;                    /* the list being read, or -1: between two rounds */
  int64_t at_ms;             /* the last row that was read of it... */
  char id[SF_ID_BYTES];      /* ...and its id; "": none, at_ms itself is to be read */
  char next[256];            /* the vendor's address of the next page, or "" */
};
void salesforce_cursor_start(struct sf_cursor *ret, int64_t since_ms);
int salesforce_cursor_read(struct sf_cursor *ret, struct trg_str text, struct trg_err *err);
void salesforce_cursor_put(struct hd_buf *buf, const struct sf_cursor *cursor);
/* Begins reading a list: overlap_ms before its mark, as rows become visible after newer ones. */
void salesforce_cursor_enter(struct sf_cursor *cursor, int list, int64_t overlap_ms);
/* until_ms 0: without an upper end. */
void salesforce_put_changes_query(struct hd_buf *buf, const struct sf_cursor *cursor,
                                  int64_t until_ms, int64_t limit);
/* May this address be asked? Only a path of the query resource, never another host. */
bool salesforce_next_is_path(struct trg_str next);

/* One page of changes. */
struct sf_changes {
  struct hd_mem mem;
  struct trg_notice *notices;
  size_t count, rows;
  bool done;
  struct trg_str next;
  int64_t last_ms; /* of the last row */
  struct trg_str last_id;
};
int salesforce_changes_read(struct sf_changes *ret, int list, struct trg_str body,
                            struct trg_err *err);
void salesforce_changes_free(struct sf_changes *page);

#endif
