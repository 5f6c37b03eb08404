/* The fake host's settings: "key=value" strings to a plugin's conf struct, by its field table. */
#include "fake_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct trg_err *err, const char *key, const char *text) {
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text, "%s: %s", key, text);
  return -1;
}

static bool number_read(const char *text, char **ret_end, int64_t *ret) {
  errno = 0;
  *ret = strtoll(text, ret_end, 10);
  return *ret_end != text && errno == 0;
}

static bool duration_read(const char *text, int64_t *ret_ms) {
  static const struct {
    const char *unit;
    int64_t ms;
  } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
  char *end;
  int64_t n;
  if (!number_read(text, &end, &n)) return false;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strcmp(end, units[i].unit) == 0) {
      *ret_ms = n * units[i].ms;
      return true;
    }
  return false;
}

static bool word_among(const char *text, const char *words) {
  const size_t n = strlen(text);
  for (const char *w = words; w && *w; w += strspn(w, " ")) {
    const size_t len = strcspn(w, " ");
    if (len == n && memcmp(w, text, n) == 0) return true;
    w += len;
  }
  return false;
}

static bool url_fine(const char *text) {
  static const char *const loopback[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
  if (strncmp(text, "https://", 8) == 0) return true;
  for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++) {
    const size_t n = strlen(loopback[i]);
    if (strncmp(text, loopback[i], n) == 0 && (!text[n] || strchr(":/", text[n]))) return true;
  }
  return false;
}

static int number_set(const struct trg_field *f, const char *text, char *to, struct trg_err *err) {
  int64_t n;
  char *end;
  const bool fine = f->type == TRG_DURATION ? duration_read(text, &n)
                                            : number_read(text, &end, &n) && !*end;
  if (!fine) return refuse(err, f->name, "not a number of its kind");
  if ((f->min || f->max) && (n < f->min || n > f->max)) return refuse(err, f->name, "out of range");
  memcpy(to, &n, sizeof n);
  return 0;
}

static int value_set(const struct trg_field *f, const char *text, char *(*copy)(const char *),
                     void *conf, struct trg_err *err) {
  char *to = (char *)conf + f->offset;
  switch (f->type) {
  case TRG_BOOL: {
    const bool b = strcmp(text, "true") == 0;
    if (!b && strcmp(text, "false") != 0) return refuse(err, f->name, "true or false");
    memcpy(to, &b, sizeof b);
    return 0;
  }
  case TRG_INT:
  case TRG_DURATION:
    return number_set(f, text, to, err);
  case TRG_DECIMAL: {
    const double d = strtod(text, NULL);
    memcpy(to, &d, sizeof d);
    return 0;
  }
  case TRG_CHOICE:
    if (!word_among(text, f->words)) return refuse(err, f->name, "not one of the words");
    break;
  case TRG_URL:
    if (!url_fine(text)) return refuse(err, f->name, "https://, or http:// on a loopback host");
    break;
  default:
    break;
  }
  char *kept = copy(text);
  memcpy(to, &kept, sizeof kept);
  return 0;
}

/* The value of `name` in the settings; NULL when absent. */
static const char *setting_find(const char *const *settings, const char *name) {
  const size_t n = strlen(name);
  for (size_t i = 0; settings && settings[i]; i++)
    if (strncmp(settings[i], name, n) == 0 && settings[i][n] == '=') return settings[i] + n + 1;
  return NULL;
}

int fake_conf_fill(const struct trg_field *fields, const char *const *settings,
                   char *(*copy)(const char *text), void *conf, struct trg_err *err) {
  for (size_t i = 0; settings && settings[i]; i++) {
    const size_t n = strcspn(settings[i], "=");
    const struct trg_field *f = fields;
    while (f->name && (strlen(f->name) != n || memcmp(f->name, settings[i], n) != 0)) f++;
    if (!f->name) return refuse(err, settings[i], "unknown key");
  }
  for (const struct trg_field *f = fields; f->name; f++) {
    const char *text = setting_find(settings, f->name);
    if (!text && (f->flags & TRG_REQUIRED)) return refuse(err, f->name, "required");
    text = text ? text : f->default_text;
    if (text && value_set(f, text, copy, conf, err) != 0) return -1;
  }
  return 0;
}
