#include "macro.h"

#include <string.h>

#include "html.h"

#define PAGE_BYTES       ((size_t)16 << 20)
#define TEXT_BYTES       ((size_t)64 << 10)
#define TITLE_BYTES      ((size_t)512)
#define PLACEHOLDER_MOST ((size_t)400) /* longer, it is no placeholder */

static const struct {
  const char *open, *close, *put;
} placeholders[] = {
    {"{{{", "}}}", "..."}, {"{{", "}}", "..."}, {"{!", "}", "..."}, {"{%", "%}", ""}};

static bool begins(struct trg_str text, const char *word) {
  const size_t n = strlen(word);
  return text.n >= n && memcmp(text.p, word, n) == 0;
}

/* Bytes of the placeholder that text begins with, and what stands for it; 0: none. */
static size_t placeholder_at(struct trg_str text, const char **ret_put) {
  for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++) {
    if (!begins(text, placeholders[i].open)) continue;
    const size_t most = text.n < PLACEHOLDER_MOST ? text.n : PLACEHOLDER_MOST;
    for (size_t at = strlen(placeholders[i].open); at < most; at++) {
      if (!begins((struct trg_str){text.p + at, text.n - at}, placeholders[i].close)) continue;
      *ret_put = placeholders[i].put;
      return at + strlen(placeholders[i].close);
    }
  }
  return 0;
}

void hd_put_unfilled(struct hd_buf *buf, struct trg_str text) {
  struct hd_buf plain = hd_buf_new(buf->limit);
  for (size_t i = 0; i < text.n;) {
    const char *put = "";
    const size_t n = text.p[i] == '{'
                         ? placeholder_at((struct trg_str){text.p + i, text.n - i}, &put)
                         : 0;
    if (n > 0)
      hd_puts(&plain, put);
    else
      hd_put(&plain, text.p + i, 1);
    i += n > 0 ? n : 1;
  }
  hd_put_clean(buf, hd_slice(&plain));
  hd_buf_free(&plain);
}

bool hd_macros_begin(struct hd_macros *page, size_t room) {
  *page = (struct hd_macros){.mem = {.limit_bytes = PAGE_BYTES}, .room = room};
  page->list = hd_take(&page->mem, (room + 1) * sizeof *page->list);
  return page->list != NULL;
}

void hd_macros_free(struct hd_macros *page) {
  hd_mem_free(&page->mem);
  *page = (struct hd_macros){.mem = {.limit_bytes = PAGE_BYTES}};
}

static struct trg_str kept(struct hd_macros *page, struct trg_str text, size_t most) {
  struct hd_buf buf = hd_buf_new(most);
  hd_put_clean(&buf, text);
  const struct trg_str copy = hd_keep(&page->mem, hd_slice(&buf));
  hd_buf_free(&buf);
  return copy;
}

static struct trg_str text_kept(struct hd_macros *page, struct trg_str text, bool is_html) {
  struct hd_buf plain = hd_buf_new(TEXT_BYTES), buf = hd_buf_new(TEXT_BYTES);
  if (is_html)
    hd_put_html_text(&plain, text);
  else
    hd_put_str(&plain, text);
  hd_put_unfilled(&buf, hd_slice(&plain));
  const struct trg_str copy = hd_keep(&page->mem, hd_slice(&buf));
  hd_buf_free(&plain);
  hd_buf_free(&buf);
  return copy;
}

/* Something beside blanks, dots and line breaks, as "..." alone is no reply. */
static bool says_something(struct trg_str text) {
  for (size_t i = 0; i < text.n; i++)
    if (strchr(" \n\t.", text.p[i]) == NULL) return true;
  return false;
}

void hd_macro_add(struct hd_macros *page, const struct trg_macro *macro, bool is_html) {
  const struct trg_str text = text_kept(page, macro->text, is_html);
  if (page->count >= page->room || macro->id.n == 0 || !says_something(text)) return;
  page->list[page->count++] = (struct trg_macro){.size = sizeof *page->list,
                                                 .id = kept(page, macro->id, 64),
                                                 .title = kept(page, macro->title, TITLE_BYTES),
                                                 .text = text,
                                                 .category = kept(page, macro->category, 256),
                                                 .language = kept(page, macro->language, 32),
                                                 .updated_ms = macro->updated_ms};
}

void hd_macros_tell(const struct trg_host *host, trg_op op, const struct hd_macros *page) {
  for (size_t i = 0; i < page->count; i++) host->emit_macro(op, &page->list[i]);
  host->set_cursor(op, page->next, page->next.n > 0);
}
