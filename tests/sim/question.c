/* Reading a prompt: what the customer wrote, and which passages of knowledge it holds. */
#include "answer.h"
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text between the last of these tags, as clients fence what customers write; otherwise all of
 * it. */
static char *ticket_of(const char *last) {
  static const char *const tags[] = {"ticket", "conversation", "customer_message", "customer",
                                     "message"};
  struct buf b = {0};
  for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
    char open[40];
    char close[40];
    snprintf(open, sizeof open, "<%s", tags[i]);
    snprintf(close, sizeof close, "</%s", tags[i]);
    const char *end = NULL;
    for (const char *at = last; (at = strstr(at, close)) != NULL; at++) {
      end = at;
    }
    const char *start = strstr(last, open);
    if (start && end && start < end && strchr(start, '>') && strchr(start, '>') < end) {
      start = strchr(start, '>') + 1;
      buf_add(&b, start, (size_t)(end - start));
      return buf_take(&b);
    }
  }
  buf_str(&b, last);
  return buf_take(&b);
}

/* Is the id= at this place that of a passage, rather than of the ticket or of a person? */
static bool tag_is_passage(const char *prompt, const char *at) {
  static const char *const others[] = {"ticket", "customer", "message",  "conversation",
                                       "user",   "tool",     "requester"};
  const char *start = at;
  while (start > prompt && *start != '<' && *start != '>' && *start != '\n') {
    start--;
  }
  if (*start != '<') {
    return true;
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    if (text_starts(start + 1, others[i])) {
      return false;
    }
  }
  return true;
}

static void passage_add(struct question *q, const char *id, size_t n, const char *text,
                        bool bracketed) {
  if (n == 0 || n >= sizeof q->passages[0].id ||
      q->passage_count == sizeof q->passages / sizeof q->passages[0]) {
    return;
  }
  for (size_t i = 0; i < q->passage_count; i++) {
    if (strlen(q->passages[i].id) == n && memcmp(q->passages[i].id, id, n) == 0) {
      return;
    }
  }
  struct passage *p = &q->passages[q->passage_count++];
  memset(p, 0, sizeof *p);
  memcpy(p->id, id, n);
  p->bracketed = bracketed;
  while (*text && (isspace((unsigned char)*text) || *text == ':' || *text == '-')) {
    text++;
  }
  const char *end = text + strcspn(text, "<");
  const char *next = strstr(text, "[kb:");
  end = next && next < end ? next : end;
  p->text = text;
  p->n = (size_t)(end - text);
}

static void passages_find(struct question *q) {
  for (const char *at = q->prompt; (at = strstr(at, "id=\"")) != NULL; at += 4) {
    const char *id = at + 4;
    size_t n = strcspn(id, "\"<>\n");
    bool word = at > q->prompt && (isspace((unsigned char)at[-1]) || at[-1] == '<');
    if (word && id[n] == '"' && tag_is_passage(q->prompt, at)) {
      const char *close = id + n + strcspn(id + n, ">\n");
      passage_add(q, id, n, *close ? close + 1 : close, false);
    }
  }
  for (const char *at = q->prompt; (at = strstr(at, "[kb:")) != NULL; at += 4) {
    const char *id = at + 4;
    size_t n = strcspn(id, "] \n");
    if (id[n] == ']') {
      passage_add(q, id, n, id + n + 1, true);
    }
  }
}

/* Counts the longer words of the ticket that the passage has too. */
static size_t overlap_count(const char *ticket, const struct passage *p) {
  size_t count = 0;
  char word[32];
  struct buf copy = {0};
  buf_add(&copy, p->text, p->n);
  char *passage = text_lower(buf_text(&copy));
  for (const char *at = ticket; *at;) {
    size_t n = 0;
    while (isalpha((unsigned char)at[n])) {
      n++;
    }
    if (n >= 5 && n < sizeof word) {
      memcpy(word, at, n);
      word[n] = '\0';
      count += strstr(passage, word) ? 1 : 0;
    }
    at += n ? n : 1;
  }
  buf_free(&copy);
  free(passage);
  return count;
}

void question_read(struct question *q, const char *prompt, const char *last) {
  memset(q, 0, sizeof *q);
  q->prompt = prompt;
  q->ticket = ticket_of(last);
  q->lower = text_lower(q->ticket);
  q->hash = hash_text(17, prompt);
  q->language = text_language(q->ticket);
  passages_find(q);
  for (size_t i = 0; i < q->passage_count; i++) {
    q->passages[i].overlap = overlap_count(q->lower, &q->passages[i]);
    if (q->passages[i].overlap > q->passages[q->best].overlap) {
      q->best = i;
    }
  }
}

void question_free(struct question *q) {
  free(q->ticket);
  free(q->lower);
  q->ticket = q->lower = NULL;
}
