#include "answer.h"
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 24 };

struct writer {
  struct buf *out;
  const struct question *q;
  const cJSON *root;
  bool broken;
  bool spoilt; /* one member has been left out already */
};

static void value_write(struct writer *w, const cJSON *schema, const char *name, int depth);

static bool name_has(const char *name, const char *words) {
  while (*words) {
    char word[32];
    size_t n = strcspn(words, "|");
    memcpy(word, words, n);
    word[n] = '\0';
    if (strcasestr(name, word)) {
      return true;
    }
    words += n + (words[n] ? 1 : 0);
  }
  return false;
}

static const struct passage *best_passage(const struct question *q) {
  return q->passage_count ? &q->passages[q->best] : NULL;
}

static void first_sentence(struct buf *out, const char *text, size_t n, size_t max) {
  size_t end = 0;
  while (end < n &&
         !(strchr(".!?\n", text[end]) && (end + 1 == n || isspace((unsigned char)text[end + 1])))) {
    end++;
  }
  end = end < n ? end + (text[end] == '\n' ? 0 : 1) : n;
  end = end > max ? utf8_cut(text, max) : end;
  buf_add(out, text, end);
}

static void reply_write(struct buf *out, const struct question *q) {
  static const char *const words[][4] = {
      {"en", "Hello,\n\nthank you for your message. ",
       "Here is what applies in your case: ", "\n\nKind regards"},
      {"de", "Guten Tag,\n\nvielen Dank für Ihre Nachricht. ",
       "Für Ihr Anliegen gilt: ", "\n\nMit freundlichen Grüßen"},
      {"fr", "Bonjour,\n\nmerci pour votre message. ",
       "Voici ce qui s'applique : ", "\n\nCordialement"},
      {"es", "Hola:\n\nGracias por su mensaje. ", "Esto es lo que corresponde: ", "\n\nUn saludo"},
  };
  size_t i = 0;
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
    i = strcmp(words[k][0], q->language) == 0 ? k : i;
  }
  const struct passage *p = best_passage(q);
  buf_str(out, words[i][1]);
  if (p) {
    buf_str(out, words[i][2]);
    first_sentence(out, p->text, p->n, 240);
    buf_printf(out, p->bracketed ? " [kb:%s]" : " [%s]", p->id);
  }
  buf_str(out, words[i][3]);
}

static double confidence_of(const struct question *q) {
  double u = hash_unit(hash_mix(q->hash, 3));
  size_t hits = 0;
  static const char *const labels[] = {"refund",    "billing", "shipping", "account",
                                       "technical", "cancel",  "security"};
  for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
    hits += keyword_hits(q->lower, labels[i]) ? 1 : 0;
  }
  /* one clear topic: sure; none or several: less so */
  return hits == 1 ? 0.86 + 0.13 * u : hits > 1 ? 0.70 + 0.25 * u : 0.35 + 0.45 * u;
}

static void format_write(struct writer *w, const char *format, const char *name) {
  struct buf *b = w->out;
  if (strcmp(format, "date-time") == 0) {
    jw_str(b, "2026-01-01T00:00:00Z");
  } else if (strcmp(format, "date") == 0) {
    jw_str(b, "2026-01-01");
  } else if (strcmp(format, "time") == 0) {
    jw_str(b, "12:00:00Z");
  } else if (strcmp(format, "duration") == 0) {
    jw_str(b, "P1D");
  } else if (strcmp(format, "email") == 0) {
    jw_str(b, "nobody@people.example");
  } else if (strcmp(format, "uuid") == 0) {
    jw_str(b, "00000000-0000-4000-8000-000000000000");
  } else if (strcmp(format, "uri") == 0) {
    jw_str(b, "https://desk.example/");
  } else if (strcmp(format, "ipv4") == 0) {
    jw_str(b, "192.0.2.1");
  } else if (strcmp(format, "ipv6") == 0) {
    jw_str(b, "2001:db8::1");
  } else if (strcmp(format, "hostname") == 0) {
    jw_str(b, "desk.example");
  } else {
    jw_str(b, name);
  }
}

static void string_write(struct writer *w, const cJSON *schema, const char *name) {
  const struct question *q = w->q;
  const struct passage *p = best_passage(q);
  const cJSON *format = cJSON_GetObjectItemCaseSensitive(schema, "format");
  struct buf text = {0};
  if (cJSON_IsString(format)) {
    format_write(w, format->valuestring, name);
    return;
  }
  if (name_has(name, "quote|excerpt|cited")) {
    if (p) {
      first_sentence(&text, p->text, p->n, 160);
    }
  } else if (name_has(name, "citation|source|passage|article|evidence|reference|kb") ||
             strcmp(name, "id") == 0) {
    buf_str(&text, p ? p->id : "");
  } else if (name_has(name, "language|locale|lang")) {
    buf_str(&text, q->language);
  } else if (name_has(name, "reason|rationale|why|explanation|justification|because")) {
    buf_str(&text, "The wording of the message points to this.");
  } else if (name_has(name, "summary|gist|intent")) {
    first_sentence(&text, q->ticket, strlen(q->ticket), 160);
  } else if (name_has(name, "subject|title")) {
    buf_str(&text, "Re: ");
    first_sentence(&text, q->ticket, strlen(q->ticket), 60);
  } else if (name_has(name, "html")) {
    struct buf plain = {0};
    reply_write(&plain, q);
    html_from_text(&text, buf_text(&plain));
    buf_free(&plain);
  } else if (name_has(name, "body|reply|draft|answer|response|message|text|note")) {
    reply_write(&text, q);
  }
  jw_str(w->out, buf_text(&text));
  buf_free(&text);
}

static bool bool_guess(const struct question *q, const char *name) {
  if (name_has(name, "human|person|escalat|handoff|handover")) {
    return text_wants_person(q->lower) || keyword_hits(q->lower, "legal") > 0;
  }
  if (name_has(name, "resolved|solved|satisfied|confirmed")) {
    return text_says_thanks(q->lower);
  }
  if (name_has(name, "spam|automatic|auto_")) {
    return keyword_hits(q->lower, "spam") > 0;
  }
  if (name_has(name, "injection|suspicious|attack|unsafe")) {
    return strcasestr(q->ticket, "ignore all") != NULL ||
           strcasestr(q->ticket, "ignore previous") != NULL ||
           strcasestr(q->ticket, "system prompt") != NULL;
  }
  if (name_has(name, "grounded|sufficient|answerable|supported|can_answer")) {
    return q->passage_count > 0;
  }
  return false;
}

static void enum_write(struct writer *w, const cJSON *choices, const char *name) {
  static const char *const neutral[] = {"other",   "general", "normal", "medium",
                                        "neutral", "none",    "unknown"};
  const cJSON *item = NULL;
  const cJSON *best = NULL;
  size_t best_hits = 0;
  if (w->broken) {
    jw_str(w->out, "no-such-choice");
    return;
  }
  cJSON_ArrayForEach(item, choices) {
    if (!cJSON_IsString(item)) {
      continue;
    }
    bool language = name_has(name, "lang|locale");
    size_t hits = language ? (strcmp(item->valuestring, w->q->language) == 0 ? 1 : 0)
                           : keyword_hits(w->q->lower, item->valuestring);
    if (hits > best_hits) {
      best = item;
      best_hits = hits;
    }
  }
  for (size_t i = 0; best == NULL && i < sizeof neutral / sizeof neutral[0]; i++) {
    cJSON_ArrayForEach(item, choices) {
      if (cJSON_IsString(item) && strcasestr(item->valuestring, neutral[i])) {
        best = item;
        break;
      }
    }
  }
  int n = cJSON_GetArraySize(choices);
  if (best == NULL && n > 0) {
    best = cJSON_GetArrayItem(choices,
                              (int)(hash_mix(w->q->hash, hash_text(1, name)) % (uint64_t)n));
  }
  char *json = best ? cJSON_PrintUnformatted(best) : NULL;
  jw_raw(w->out, json ? json : "null");
  cJSON_free(json);
}

static bool array_is_choice(const cJSON *array, const char *value) {
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, array) {
    if (cJSON_IsString(item) && strcmp(item->valuestring, value) == 0) {
      return true;
    }
  }
  return false;
}

static void object_members(struct writer *w, const cJSON *schema, int depth) {
  const cJSON *member = NULL;
  const cJSON *required = cJSON_GetObjectItemCaseSensitive(schema, "required");
  cJSON_ArrayForEach(member, cJSON_GetObjectItemCaseSensitive(schema, "properties")) {
    if (w->broken && !w->spoilt && member->string && array_is_choice(required, member->string)) {
      w->spoilt = true;
      continue;
    }
    if (member->string) {
      jw_key(w->out, member->string);
      value_write(w, member, member->string, depth + 1);
    }
  }
  cJSON_ArrayForEach(member, cJSON_GetObjectItemCaseSensitive(schema, "allOf")) {
    object_members(w, member, depth + 1);
  }
}

/* "order #4711" gives the number; "order #4711 of [EMAIL_1]" the token, as models copy it. */
static void order_key(const char *order, char *out, size_t room) {
  const size_t digits = strspn(order, "0123456789");
  const char *token = order + digits + strlen(" of ");
  const char *close = strncmp(order + digits, " of [", 5) == 0 ? strchr(token, ']') : NULL;
  const char *from = close != NULL ? token : order;
  const size_t n = close != NULL ? (size_t)(close - token) + 1 : digits;
  (void)snprintf(out, room, "%.*s", (int)n, from);
  for (char *c = out; *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
}

/* A model that may look things up does so once for a ticket that names an order. */
static bool lookups_write(struct writer *w, const cJSON *items, const char *name) {
  const cJSON *tool = cJSON_GetObjectItemCaseSensitive(
      cJSON_GetObjectItemCaseSensitive(items, "properties"), "tool");
  const cJSON *tools = cJSON_GetObjectItemCaseSensitive(tool, "enum");
  const char *order = strstr(w->q->lower, "order #");
  if (strcmp(name, "lookups") != 0) return false;
  jw_open(w->out, '[');
  if (order != NULL && cJSON_GetArraySize(tools) > 0 &&
      strstr(w->q->prompt, "\"looked_up\":[{") == NULL) {
    char id[24], arguments[64];
    order_key(order + 7, id, sizeof id);
    (void)snprintf(arguments, sizeof arguments, "{\"message\":\"%s\"}", id);
    jw_open(w->out, '{');
    jw_kstr(w->out, "tool", cJSON_GetArrayItem(tools, 0)->valuestring);
    jw_kstr(w->out, "arguments", arguments);
    jw_close(w->out, '}');
  }
  jw_close(w->out, ']');
  return true;
}

/* Arrays of what can be cited take the passages that share words with the ticket; others stay as
 * short as allowed. */
static void array_write(struct writer *w, const cJSON *schema, const char *name, int depth) {
  const cJSON *items = cJSON_GetObjectItemCaseSensitive(schema, "items");
  const cJSON *least = cJSON_GetObjectItemCaseSensitive(schema, "minItems");
  if (lookups_write(w, items, name)) return;
  bool cites = name_has(name, "citation|source|passage|article|evidence|reference|kb_ids");
  size_t n = cites ? (w->q->passage_count > 1 ? 2 : w->q->passage_count) : 0;
  if (name_has(name, "tag|topic|label|categor") &&
      cJSON_GetObjectItemCaseSensitive(items, "enum")) {
    n = 1;
  }
  if (cJSON_IsNumber(least) && n < (size_t)least->valuedouble) {
    n = (size_t)least->valuedouble;
  }
  struct question turned = *w->q;
  struct writer inner = *w;
  inner.q = &turned;
  jw_open(w->out, '[');
  for (size_t i = 0; i < n; i++) {
    size_t other = w->q->best == 0 ? 1 : 0;
    turned.best = i == 0 ? w->q->best : other;
    if (i > 0 && cites && w->q->passages[other].overlap == 0) {
      break; /* a second source only if it has something to do with the case */
    }
    value_write(&inner, items,
                cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(items, "properties")) ? name
                : cites                                                               ? "source"
                                                                                      : name,
                depth + 1);
  }
  jw_close(w->out, ']');
}

static const cJSON *schema_resolve(const struct writer *w, const cJSON *schema) {
  for (int i = 0; i < DEPTH_MAX; i++) {
    const cJSON *ref = cJSON_GetObjectItemCaseSensitive(schema, "$ref");
    const cJSON *any = cJSON_GetObjectItemCaseSensitive(schema, "anyOf");
    if (any == NULL) {
      any = cJSON_GetObjectItemCaseSensitive(schema, "oneOf");
    }
    if (cJSON_IsString(ref) && strrchr(ref->valuestring, '/')) {
      const char *name = strrchr(ref->valuestring, '/') + 1;
      const cJSON *defs = cJSON_GetObjectItemCaseSensitive(w->root, "$defs");
      defs = defs ? defs : cJSON_GetObjectItemCaseSensitive(w->root, "definitions");
      schema = cJSON_GetObjectItemCaseSensitive(defs, name);
    } else if (cJSON_IsArray(any)) {
      schema = any->child;
    } else {
      return schema;
    }
  }
  return schema;
}

static const char *type_of(const cJSON *schema) {
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
  if (cJSON_IsArray(type)) {
    type = type->child;
  }
  if (cJSON_IsString(type)) {
    return type->valuestring;
  }
  if (cJSON_GetObjectItemCaseSensitive(schema, "properties") ||
      cJSON_GetObjectItemCaseSensitive(schema, "allOf")) {
    return "object";
  }
  return "string";
}

static void value_write(struct writer *w, const cJSON *schema, const char *name, int depth) {
  schema = schema_resolve(w, schema);
  const cJSON *constant = cJSON_GetObjectItemCaseSensitive(schema, "const");
  const cJSON *choices = cJSON_GetObjectItemCaseSensitive(schema, "enum");
  const char *type = type_of(schema);
  if (depth > DEPTH_MAX) {
    jw_raw(w->out, "null");
  } else if (constant) {
    char *json = cJSON_PrintUnformatted(constant);
    jw_raw(w->out, json);
    cJSON_free(json);
  } else if (cJSON_IsArray(choices)) {
    enum_write(w, choices, name);
  } else if (strcmp(type, "object") == 0) {
    jw_open(w->out, '{');
    object_members(w, schema, depth);
    jw_close(w->out, '}');
  } else if (strcmp(type, "array") == 0) {
    array_write(w, schema, name, depth);
  } else if (strcmp(type, "boolean") == 0) {
    jw_bool(w->out, bool_guess(w->q, name));
  } else if (strcmp(type, "integer") == 0) {
    jw_int(w->out, name_has(name, "confidence|percent") ? (int64_t)(100 * confidence_of(w->q)) : 1);
  } else if (strcmp(type, "number") == 0) {
    char text[16];
    snprintf(text, sizeof text, "%.3f", confidence_of(w->q));
    jw_raw(w->out, text);
  } else if (strcmp(type, "null") == 0) {
    jw_raw(w->out, "null");
  } else {
    string_write(w, schema, name);
  }
}

void answer_json(struct buf *out, const struct question *q, const cJSON *schema) {
  struct writer w = {.out = out, .q = q, .root = schema};
  value_write(&w, schema, "answer", 0);
}

void answer_broken(struct buf *out, const struct question *q, const cJSON *schema) {
  struct writer w = {.out = out, .q = q, .root = schema, .broken = true};
  value_write(&w, schema, "answer", 0);
}

void answer_text(struct buf *out, const struct question *q) {
  static const char *const starts[] = {"{\"type\":\"object\"", "{\"type\": \"object\"",
                                       "{\n  \"type\": \"object\""};
  for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
    const char *at = strstr(q->prompt, starts[i]);
    cJSON *schema = at ? cJSON_ParseWithOpts(at, NULL, false) : NULL;
    if (schema) {
      answer_json(out, q, schema);
      cJSON_Delete(schema);
      return;
    }
  }
  reply_write(out, q);
}
