/* Salesforce's ids and times. */
#include "salesforce.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
enum { ID_SHORT = 15, ID_LONG = 18, ID_DIGITS = 9 };
static const char instance[] = "gL0";

/* Each of three characters says which of five are upper case. */
static void suffix_write(const char *id, char ret_suffix[3]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
  for (size_t i = 0; i < 3; i++) {
    unsigned bits = 0;
    for (size_t k = 0; k < 5; k++) {
      bits |= isupper((unsigned char)id[i * 5 + k]) ? 1u << k : 0;
    }
    ret_suffix[i] = letters[bits];
  }
}

const char *sf_id(char ret_id[SF_ID_BYTES], const char *prefix, uint64_t number) {
  memcpy(ret_id, prefix, 3);
  memcpy(ret_id + 3, instance, 3);
  for (size_t i = ID_DIGITS; i-- > 0;) {
    ret_id[6 + i] = digits[number % 62];
    number /= 62;
  }
  suffix_write(ret_id, ret_id + ID_SHORT);
  ret_id[ID_LONG] = '\0';
  return ret_id;
}

bool sf_id_formed(const char *text) {
  size_t n = strlen(text);
  char suffix[3];
  if (n != ID_SHORT && n != ID_LONG) {
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    if (!isalnum((unsigned char)text[i])) {
      return false;
    }
  }
  suffix_write(text, suffix);
  return n == ID_SHORT || memcmp(suffix, text + ID_SHORT, 3) == 0;
}

bool sf_id_parse(const char *text, const char *prefix, uint64_t *ret_number) {
  uint64_t number = 0;
  if (!sf_id_formed(text) || memcmp(text, prefix, 3) != 0 || memcmp(text + 3, instance, 3) != 0) {
    return false;
  }
  for (size_t i = 6; i < ID_SHORT; i++) {
    number = number * 62 + (uint64_t)(strchr(digits, text[i]) - digits);
  }
  *ret_number = number;
  return true;
}

const char *sf_time(int64_t ms, char ret_text[40]) {
  time_t t = (time_t)(ms / 1000);
  struct tm tm;
  gmtime_r(&t, &tm);
  strftime(ret_text, 40, "%Y-%m-%dT%H:%M:%S.000+0000", &tm);
  return ret_text;
}

int64_t sf_http_date(const char *text) {
  struct tm tm = {0};
  const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S", &tm);
  if (end == NULL || (strcmp(end, " GMT") != 0 && strcmp(end, " UTC") != 0)) {
    return -1;
  }
  return (int64_t)timegm(&tm) * 1000;
}

void sf_text(struct sf_value *v, const char *text) {
  v->is_null = text == NULL || *text == '\0'; /* an empty text is no text here */
  v->text.n = 0;
  buf_str(&v->text, text ? text : "");
  buf_text(&v->text);
}

void sf_ref(struct sf_value *v, const char *prefix, uint64_t number) {
  char id[SF_ID_BYTES];
  v->kind = SF_ID;
  sf_text(v, number ? sf_id(id, prefix, number) : NULL);
}

void sf_int(struct sf_value *v, enum sf_kind kind, int64_t n) {
  v->kind = kind;
  v->is_null = kind == SF_TIME && n == 0;
  v->n = kind == SF_TIME ? n / 1000 * 1000 : n;
}
