#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[FAULT_COUNT] = {
    "none",  "429",         "500",    "503",       "529",      "reset",   "resetafter", "slow",
    "cut",   "badjson",     "repeat", "stuck",     "conflict", "refusal", "truncate",   "invalid",
    "spend", "streamerror", "escape", "search404", "session",  "late",    "locator",    "lock",
    "part",  "novel",       "astray", "meddle",    "rival"};

const char *fault_name(enum fault_kind k) {
  return names[k];
}

static int fault_parse(const char *name) {
  for (int i = FAULT_NONE + 1; i < FAULT_COUNT; i++) {
    if (strcmp(names[i], name) == 0) {
      return i;
    }
  }
  return -1;
}

static bool side_known(const char *side) {
  static const char *const sides[] = {"zendesk", "salesforce", "intercom", "model", "stripe"};
  for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
    if (strcmp(side, sides[i]) == 0) {
      return true;
    }
  }
  return false;
}

/* One rule "[SIDE.][FAMILY.]KIND=P"; text is taken apart in place. */
static bool rule_parse(char *text, struct fault_rule *r, char *ret_why, size_t why_bytes) {
  char *equals = strchr(text, '=');
  char *end = NULL;
  memset(r, 0, sizeof *r);
  if (equals == NULL) {
    snprintf(ret_why, why_bytes, "'%s': expected [SIDE.]KIND=PROBABILITY", text);
    return false;
  }
  *equals = '\0';
  r->probability = strtod(equals + 1, &end);
  if (end == equals + 1 || *end != '\0' || !(r->probability >= 0 && r->probability <= 1)) {
    snprintf(ret_why, why_bytes, "'%s': '%s' is not a probability between 0 and 1", text,
             equals + 1);
    return false;
  }
  char *kind = text;
  char *dot = strchr(kind, '.');
  if (dot) {
    *dot = '\0';
    if (!side_known(kind)) {
      snprintf(ret_why, why_bytes,
               "unknown side '%s': zendesk, salesforce, intercom, model or stripe", kind);
      return false;
    }
    snprintf(r->side, sizeof r->side, "%s", kind);
    kind = dot + 1;
    dot = strchr(kind, '.');
    if (dot) {
      *dot = '\0';
      snprintf(r->family, sizeof r->family, "%s", kind);
      kind = dot + 1;
    }
  }
  int parsed = fault_parse(kind);
  if (parsed < 0) {
    snprintf(ret_why, why_bytes,
             "unknown kind '%s': 429 500 503 529 reset resetafter slow cut badjson repeat stuck "
             "conflict refusal "
             "truncate invalid spend streamerror escape search404 "
             "session late locator lock part novel astray meddle rival",
             kind);
    return false;
  }
  r->kind = (enum fault_kind)parsed;
  return true;
}

bool faults_set(struct faults *f, const char *spec, char *ret_why, size_t why_bytes) {
  struct fault_rule rules[sizeof f->rules / sizeof f->rules[0]];
  size_t count = 0;
  bool good = true;
  char *copy = strdup(spec);
  char *rest = NULL;
  if (copy == NULL) {
    snprintf(ret_why, why_bytes, "out of memory");
    return false;
  }
  for (char *part = strtok_r(copy, ", \t\r\n", &rest); part && good;
       part = strtok_r(NULL, ", \t\r\n", &rest)) {
    if (count == sizeof rules / sizeof rules[0]) {
      snprintf(ret_why, why_bytes, "more than %zu rules", count);
      good = false;
      break;
    }
    good = rule_parse(part, &rules[count], ret_why, why_bytes);
    count++;
  }
  free(copy);
  if (!good) {
    return false;
  }
  if (count) {
    memcpy(f->rules, rules, count * sizeof rules[0]);
  }
  f->count = count;
  f->draws = 0;
  return true;
}

enum fault_kind faults_draw(struct faults *f, const char *side, const char *family, unsigned mask) {
  for (size_t i = 0; i < f->count; i++) {
    const struct fault_rule *r = &f->rules[i];
    if ((mask & FAULT_BIT(r->kind)) == 0 || (r->side[0] && strcmp(r->side, side) != 0) ||
        (r->family[0] && strcmp(r->family, family) != 0)) {
      continue;
    }
    uint64_t h = hash_mix(hash_mix(f->seed, 0xfa17), f->draws++);
    if (hash_unit(h) < r->probability) {
      f->hits[r->kind]++;
      f->total++;
      return r->kind;
    }
  }
  return FAULT_NONE;
}

void faults_write(const struct faults *f, struct buf *b) {
  for (size_t i = 0; i < f->count; i++) {
    const struct fault_rule *r = &f->rules[i];
    buf_printf(b, "%s%s%s%s%s%s=%g", i ? "," : "", r->side, r->side[0] ? "." : "", r->family,
               r->family[0] ? "." : "", names[r->kind], r->probability);
  }
}
