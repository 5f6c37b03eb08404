#include <cjson/cJSON.h>
#include <string.h>

#include "wire.h"

#define PAGE_BYTES  ((size_t)32 << 20)
#define AFTER_BYTES 4096

/* ---- the cursor ---- */

/* "1 FLOOR MARK" or, inside a window, "1 FLOOR MARK START END FROM TO c|t PAGES RESTARTS AFTER". */
static bool number_take(struct trg_str *text, int64_t *ret) {
  size_t i = 0;
  *ret = 0;
  while (i < text->n && i < 15 && text->p[i] >= '0' && text->p[i] <= '9')
    *ret = *ret * 10 + (text->p[i++] - '0');
  if (i == 0 || (i < text->n && text->p[i] != ' ')) return false;
  const size_t skip = i < text->n ? i + 1 : i;
  *text = (struct trg_str){text->p + skip, text->n - skip};
  return true;
}

static bool window_take(struct trg_str text, struct intercom_cursor *ret) {
  int64_t *const numbers[] = {&ret->start_s, &ret->end_s, &ret->from_s, &ret->to_s};
  for (size_t i = 0; i < 4; i++)
    if (!number_take(&text, numbers[i])) return false;
  if (text.n < 2 || (text.p[0] != 'c' && text.p[0] != 't') || text.p[1] != ' ') return false;
  ret->tickets = text.p[0] == 't';
  text = (struct trg_str){text.p + 2, text.n - 2};
  if (!number_take(&text, &ret->pages) || !number_take(&text, &ret->restarts)) return false;
  ret->after = text;
  ret->open = true;
  return ret->start_s <= ret->from_s && ret->from_s <= ret->to_s && ret->to_s <= ret->end_s;
}

int intercom_cursor_read(struct trg_str text, int64_t since_s, struct intercom_cursor *ret) {
  *ret = (struct intercom_cursor){.floor_s = since_s, .mark_s = since_s};
  if (text.n == 0) return 0;
  int64_t version;
  if (!number_take(&text, &version) || version != 1 || !number_take(&text, &ret->floor_s) ||
      !number_take(&text, &ret->mark_s))
    return -1;
  return text.n == 0 || window_take(text, ret) ? 0 : -1;
}

void intercom_cursor_put(struct hd_buf *buf, const struct intercom_cursor *cursor) {
  hd_puts(buf, "1 ");
  hd_put_int(buf, cursor->floor_s);
  hd_puts(buf, " ");
  hd_put_int(buf, cursor->mark_s);
  if (!cursor->open) return;
  const int64_t numbers[] = {cursor->start_s, cursor->end_s, cursor->from_s, cursor->to_s};
  for (size_t i = 0; i < 4; i++) {
    hd_puts(buf, " ");
    hd_put_int(buf, numbers[i]);
  }
  hd_puts(buf, cursor->tickets ? " t " : " c ");
  hd_put_int(buf, cursor->pages);
  hd_puts(buf, " ");
  hd_put_int(buf, cursor->restarts);
  hd_puts(buf, " ");
  hd_put_str(buf, cursor->after);
}

/* ---- the window ---- */

static void piece_set(struct intercom_cursor *cursor, int64_t from_s, int64_t to_s) {
  cursor->from_s = from_s;
  cursor->to_s = to_s;
  cursor->pages = cursor->restarts = 0;
  cursor->after = (struct trg_str){NULL, 0};
}

bool intercom_window_open(struct intercom_cursor *cursor, int64_t now_s, int64_t lag_s,
                          int64_t overlap_s) {
  if (cursor->open) return true;
  const int64_t end_s = now_s - lag_s;
  int64_t start_s = cursor->mark_s - overlap_s;
  if (start_s < cursor->floor_s) start_s = cursor->floor_s;
  if (end_s < cursor->mark_s || end_s < start_s) return false;
  cursor->open = true;
  cursor->tickets = false;
  cursor->start_s = start_s;
  cursor->end_s = end_s;
  piece_set(cursor, start_s, end_s);
  return true;
}

static bool piece_next(struct intercom_cursor *cursor, int64_t from_s, bool with_tickets) {
  if (from_s <= cursor->end_s && cursor->to_s < cursor->end_s) {
    piece_set(cursor, from_s, cursor->end_s);
    return true;
  }
  if (with_tickets && !cursor->tickets) {
    cursor->tickets = true;
    piece_set(cursor, cursor->start_s, cursor->end_s);
    return true;
  }
  *cursor = (struct intercom_cursor){.floor_s = cursor->floor_s, .mark_s = cursor->end_s};
  return false;
}

bool intercom_window_next(struct intercom_cursor *cursor, struct trg_str after, bool with_tickets) {
  cursor->after = after;
  if (after.n > 0) {
    cursor->pages++;
    return true;
  }
  /* Behind the piece, not at its last second: what stands there was read, and a piece of one second
   * would lead to itself for ever. */
  return piece_next(cursor, cursor->to_s + 1, with_tickets);
}

bool intercom_window_split(struct intercom_cursor *cursor, bool with_tickets, bool *ret_end) {
  *ret_end = false;
  if (cursor->to_s > cursor->from_s) {
    piece_set(cursor, cursor->from_s, cursor->from_s + (cursor->to_s - cursor->from_s) / 2);
    return true;
  }
  *ret_end = !piece_next(cursor, cursor->to_s + 1, with_tickets);
  return false;
}

/* ---- the search ---- */

/* Whether ">" means "greater" or, as is documented, "greater or equal": one second more at both
 * ends makes no difference here. The sort is asked for and not relied upon. */
void intercom_body_search(struct hd_buf *buf, const struct intercom_cursor *cursor,
                          int64_t per_page) {
  hd_puts(buf, "{\"query\":{\"operator\":\"AND\",\"value\":[{\"field\":\"updated_at\","
               "\"operator\":\">\",\"value\":");
  hd_put_int(buf, cursor->from_s > 0 ? cursor->from_s - 1 : 0);
  hd_puts(buf, "},{\"field\":\"updated_at\",\"operator\":\"<\",\"value\":");
  hd_put_int(buf, cursor->to_s + 1);
  hd_puts(buf, "}]},\"pagination\":{\"per_page\":");
  hd_put_int(buf, per_page);
  if (cursor->after.n > 0) {
    hd_puts(buf, ",\"starting_after\":");
    hd_put_json(buf, cursor->after);
  }
  hd_puts(buf, "},\"sort\":{\"field\":\"updated_at\",\"order\":\"ascending\"}}");
}

/* Several changes in one second share updated_at, so the number of parts and the state are in the
 * version too: "UPDATED_AT/PARTS/STATE". */
static struct trg_str version_of(struct hd_mem *mem, const cJSON *row, bool is_ticket) {
  struct hd_buf buf = hd_buf_new(256);
  int64_t parts = intercom_json_int(hd_json_in(row, "statistics"), "count_conversation_parts");
  if (is_ticket) parts = intercom_json_int(hd_json_in(row, "ticket_parts"), "total_count");
  const cJSON *state = hd_json_in(row, "ticket_state");
  hd_put_int(&buf, intercom_json_int(row, "updated_at"));
  hd_puts(&buf, "/");
  hd_put_int(&buf, parts);
  hd_puts(&buf, "/");
  hd_put_clean(&buf, is_ticket ? hd_json_str(state, "category") : hd_json_str(row, "state"));
  const struct trg_str kept = hd_keep(mem, hd_slice(&buf));
  hd_buf_free(&buf);
  return kept;
}

static void row_read(struct intercom_page *page, const cJSON *row, bool is_ticket) {
  struct hd_mem *mem = &page->mem;
  struct trg_str id = intercom_json_id(mem, row, "id");
  /* A conversation that has become a ticket is told under both names: the first one ends. */
  if (!hd_digits(id)) {
    page->skipped++;
    return;
  }
  if (is_ticket)
    id = intercom_joined(mem, TRG_STR(INTERCOM_TICKET_PREFIX), id, (struct trg_str){NULL, 0});
  page->notices[page->count++] = (struct trg_notice){.size = sizeof *page->notices,
                                                     .id = id,
                                                     .version = version_of(mem, row, is_ticket),
                                                     .at_ms = intercom_json_int(row, "updated_at") *
                                                              1000};
}

static int rows_read(struct intercom_page *page, const cJSON *json, bool is_ticket,
                     struct trg_err *err) {
  const cJSON *rows = hd_json_in(json, is_ticket ? "tickets" : "conversations"), *row;
  const cJSON *next = hd_json_in(hd_json_in(json, "pages"), "next");
  if (!cJSON_IsArray(rows))
    return intercom_malformed(err,
                              is_ticket ? "no \"tickets\" in it" : "no \"conversations\" in it");
  const size_t count = (size_t)cJSON_GetArraySize(rows);
  page->notices = count > 0 ? hd_take(&page->mem, count * sizeof *page->notices) : NULL;
  cJSON_ArrayForEach(row, rows) {
    if (page->notices != NULL) row_read(page, row, is_ticket);
  }
  if (cJSON_IsObject(next)) {
    struct hd_buf buf = hd_buf_new(AFTER_BYTES);
    const struct trg_str after = hd_json_str(next, "starting_after");
    hd_put_clean(&buf, after);
    /* It must come back as it was, and stand in our cursor as one text. */
    if (after.n == 0 || !hd_same(after, hd_slice(&buf))) page->mem.full = true;
    page->after = hd_keep(&page->mem, hd_slice(&buf));
    hd_buf_free(&buf);
  } else if (next != NULL && !cJSON_IsNull(next)) {
    return intercom_malformed(err, "\"pages.next\" is no cursor");
  }
  return page->mem.full
             ? intercom_malformed(err, "a page too large, or a cursor that can not be kept")
             : 0;
}

int intercom_page_read(struct intercom_page *ret, struct trg_str body, bool is_ticket,
                       struct trg_err *err) {
  *ret = (struct intercom_page){.mem = {.limit_bytes = PAGE_BYTES}};
  cJSON *json = intercom_json(body, err);
  if (json == NULL) return -1;
  const int rc = rows_read(ret, json, is_ticket, err);
  cJSON_Delete(json);
  if (rc != 0) intercom_page_free(ret);
  return rc;
}

void intercom_page_free(struct intercom_page *page) {
  hd_mem_free(&page->mem);
  *page = (struct intercom_page){.mem = {.limit_bytes = PAGE_BYTES}};
}
