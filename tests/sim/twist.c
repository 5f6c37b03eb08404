/* What a reply suffers after it was made: words and fields of a version to come, and links to
 * another host. Text goes through unread but for its keys, so that no number changes its form. */
#include "http.h"

#include <stdlib.h>
#include <string.h>

/* Choices that vendors have added to before; never words that tell what an object is. */
static const struct {
  const char *side, *key;
} choices[] = {
    {"zendesk", "channel"},     {"zendesk", "priority"},      {"salesforce", "Origin"},
    {"salesforce", "Priority"}, {"intercom", "delivered_as"}, {"intercom", "resolution_state"},
};
static const char *const links[] = {"after_url", "next_page", "next", "nextRecordsUrl",
                                    "instance_url"};

static bool key_is(const char *key, size_t n, const char *name) {
  return strlen(name) == n && memcmp(key, name, n) == 0;
}

static bool is_choice(const char *side, const char *key, size_t n) {
  for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
    if (strcmp(choices[i].side, side) == 0 && key_is(key, n, choices[i].key)) {
      return true;
    }
  }
  return false;
}

static bool is_link(const char *key, size_t n) {
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
    if (key_is(key, n, links[i])) {
      return true;
    }
  }
  return false;
}

/* Behind the string that begins at `at`. */
static size_t string_end(const char *text, size_t n, size_t at) {
  for (at++; at < n && text[at] != '"'; at++) {
    at += text[at] == '\\';
  }
  return at < n ? at + 1 : n;
}

static size_t skip_to_path(const char *text, size_t from, size_t to) {
  const char *scheme = memmem(text + from, to - from, "://", 3);
  if (scheme == NULL) {
    return from;
  }
  size_t at = (size_t)(scheme - text) + 3;
  while (at < to && text[at] != '/') {
    at++;
  }
  return at;
}

/* The value at `at` in place of itself; returns where the text goes on. */
static size_t link_astray(const char *elsewhere, struct buf *out, const char *text, size_t n,
                          size_t at) {
  if (text[at] == '{') { /* a place to go on from becomes an address, as in older lists */
    const char *end = memchr(text + at, '}', n - at);
    buf_printf(out, "\"%s/?page=2\"", elsewhere);
    return end ? (size_t)(end - text) + 1 : n;
  }
  if (text[at] != '"') {
    return at;
  }
  const size_t end = string_end(text, n, at);
  const size_t path = skip_to_path(text, at + 1, end - 1);
  buf_printf(out, "\"%s%.*s", elsewhere, (int)(end - path), text + path);
  return end;
}

void twist(struct exchange *x) {
  const bool novel = x->fault == FAULT_NOVEL;
  const char *elsewhere = x->sim->opt.elsewhere ? x->sim->opt.elsewhere : "http://127.0.0.2:9";
  struct buf out = {0};
  if (x->content_type == NULL || strstr(x->content_type, "json") == NULL) {
    return;
  }
  const char *text = buf_text(&x->out);
  const size_t n = x->out.n;
  for (size_t at = 0; at < n;) {
    if (text[at] == '{' && novel) {
      buf_printf(&out, "{\"added_later\":{\"kind\":[\"hologram\",null]}%s",
                 at + 1 < n && text[at + 1] == '}' ? "" : ",");
      at++;
      continue;
    }
    if (text[at] != '"') {
      buf_add(&out, text + at++, 1);
      continue;
    }
    const size_t end = string_end(text, n, at);
    const char *key = text + at + 1;
    const size_t length = end - at - 2;
    buf_add(&out, text + at, end - at);
    at = end;
    if (at + 1 >= n || text[at] != ':') {
      continue;
    }
    buf_add(&out, text + at++, 1);
    if (!novel && is_link(key, length)) {
      at = link_astray(elsewhere, &out, text, n, at);
    } else if (novel && text[at] == '"' && is_choice(x->vendor->side, key, length)) {
      buf_str(&out, "\"hologram\"");
      at = string_end(text, n, at);
    }
  }
  buf_free(&x->out);
  x->out = out;
}
