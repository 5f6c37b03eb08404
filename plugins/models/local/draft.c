#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "answer.h"
#include "passage.h"
#include "rules.h"
#include "wording.h"

#define WORDS_MAX        110u
#define SENTENCES_FIRST  4u
#define SENTENCES_SECOND 2u
/* Below this a hand-over text is better than a wrong answer. */
#define SURE_LEAST 0.5f
/* A second passage is quoted when it fits nearly as well as the first. */
#define SECOND_SHARE 0.8f

/* A text that grows. */
struct prose {
  char *bytes;
  size_t n, room;
};

static void prose_add(struct prose *prose, const char *bytes, size_t n) {
  if (prose->n + n + 1 > prose->room) {
    prose->room = (prose->n + n + 1) * 2;
    prose->bytes = local_grow(prose->bytes, prose->room, 1);
  }
  memcpy(prose->bytes + prose->n, bytes, n);
  prose->n += n;
  prose->bytes[prose->n] = '\0';
}

static void prose_text(struct prose *prose, const char *text) {
  prose_add(prose, text, strlen(text));
}

/* How sure it is that the best passage answers. That it covers the question, leads, and that its
 * neighbours are of the same article counts the less, the fewer words it shares with the question:
 * two or three words of a short question stand in some passage of any knowledge base. Words in the
 * title or heading count by themselves. README.md says where the numbers come from. */
static float draft_confidence(const struct local_passages *ranked, bool foreign) {
  if (ranked->count == 0 || ranked->shared == 0) return 0.0f;
  const float cover = ranked->passages[0].cover;
  const float first = ranked->passages[0].fit;
  const float lead = ranked->count > 1 ? (first - ranked->passages[1].fit) / first : 0.5f;
  const float shared = fminf((float)ranked->shared, 5.0f) / 5.0f;
  const float titled = fminf((float)ranked->titled, 3.0f);
  const float sum = -2.5f + shared * (1.5f * cover + 4.15f * lead + 3.1f * ranked->same) +
                    0.9f * titled;
  return (foreign ? 0.6f : 1.0f) / (1.0f + expf(-sum));
}

static size_t mark_count(const char *bytes, size_t n, const char *mark) {
  const size_t length = strlen(mark);
  size_t count = 0;
  for (size_t i = 0; i + length <= n; i++) {
    if (memcmp(bytes + i, mark, length) != 0) continue;
    count++;
    i += length - 1;
  }
  return count;
}

/* A sentence cut out of a text can hold one half of a pair of marks ("**Open E-mail**. Then"); such
 * marks are left out, as the reader would see them as they are. */
static void sentence_add(struct prose *prose, const char *bytes, size_t n) {
  static const char *const marks[] = {"**", "__", "`"};
  const char *odd[3] = {0};
  for (size_t k = 0; k < 3; k++)
    if (mark_count(bytes, n, marks[k]) % 2 == 1) odd[k] = marks[k];
  for (size_t i = 0; i < n;) {
    size_t skip = 0;
    for (size_t k = 0; k < 3 && skip == 0; k++)
      if (odd[k] != NULL && i + strlen(odd[k]) <= n &&
          memcmp(bytes + i, odd[k], strlen(odd[k])) == 0)
        skip = strlen(odd[k]);
    if (skip == 0) prose_add(prose, bytes + i, 1);
    i += skip > 0 ? skip : 1;
  }
}

/* The quoted sentences of one passage in their order, with the citation after each run. */
static void passage_quote(struct prose *prose, const struct local_passage *passage) {
  bool open = false;
  for (size_t i = 0; i < passage->sentence_count; i++) {
    if (!passage->sentences[i].chosen) continue;
    if (open) prose_text(prose, " ");
    sentence_add(prose, passage->sentences[i].bytes, passage->sentences[i].n);
    open = true;
  }
  if (!open) return;
  prose_text(prose, " [");
  prose_text(prose, local_json_text(passage->entry, "id"));
  prose_text(prose, "]\n\n");
}

/* Whether the text holds a number that could be an order, serial or invoice number. */
static bool has_number(const char *text) {
  size_t digits = 0;
  for (; *text != '\0'; text++) {
    digits = *text >= '0' && *text <= '9' ? digits + 1 : 0;
    if (digits >= 4) return true;
  }
  return false;
}

static bool hint_is_number(const char *hint) {
  static const char *const kinds[] = {"number", "nummer", "numéro", "número",  "numero",
                                      "numer",  " id",    "serial", "invoice", "IBAN"};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (strcasestr(hint, kinds[i]) != NULL) return true;
  return false;
}

/* Of the things that such tickets need, those the text does not seem to hold. */
static cJSON *missing_find(const cJSON *hints, const char *text,
                           const struct local_phrases *phrases) {
  cJSON *missing = cJSON_CreateArray();
  const cJSON *hint = NULL;
  char pattern[256];
  cJSON_ArrayForEach(hint, hints) {
    if (!cJSON_IsString(hint)) continue;
    const bool there = hint_is_number(hint->valuestring)
                           ? has_number(text)
                           : local_phrases_pattern(pattern, sizeof pattern, hint->valuestring) &&
                                 local_phrases_find(phrases, pattern, NULL) >= 0;
    if (!there) cJSON_AddItemToArray(missing, cJSON_CreateString(hint->valuestring));
  }
  return missing;
}

static void frame_open(struct prose *prose, const cJSON *voice,
                       const struct local_wording *wording) {
  const char *greeting = local_json_text(voice, "greeting");
  prose_text(prose, greeting[0] != '\0' ? greeting : wording->greeting);
  prose_text(prose, "\n\n");
}

static void frame_close(struct prose *prose, const cJSON *voice,
                        const struct local_wording *wording) {
  const char *signoff = local_json_text(voice, "signoff");
  prose_text(prose, signoff[0] != '\0' ? signoff : wording->signoff);
}

static void missing_ask(struct prose *prose, const cJSON *missing,
                        const struct local_wording *wording) {
  if (cJSON_GetArraySize(missing) == 0) return;
  prose_text(prose, wording->missing);
  const cJSON *one = NULL;
  cJSON_ArrayForEach(one, missing) {
    prose_text(prose, "\n- ");
    prose_text(prose, one->valuestring);
  }
  prose_text(prose, "\n\n");
}

static cJSON *draft_render(struct prose *prose, cJSON *citations, float confidence, cJSON *missing,
                           const char *next_step, bool not_sure) {
  cJSON *answer = cJSON_CreateObject();
  cJSON_AddStringToObject(answer, "body", prose->bytes);
  cJSON_AddItemToObject(answer, "citations", citations);
  local_json_add_share(answer, "confidence", confidence);
  cJSON_AddItemToObject(answer, "missing", missing);
  cJSON_AddStringToObject(answer, "next_step", next_step);
  cJSON_AddBoolToObject(answer, "not_sure", not_sure);
  free(prose->bytes);
  return answer;
}

/* Quotes the best passages into prose; returns whether anything was quoted. */
static bool body_quote(struct prose *prose, struct local_passages *ranked, cJSON *citations) {
  struct local_passage *first = &ranked->passages[0];
  size_t words = local_passage_choose(first, SENTENCES_FIRST, WORDS_MAX);
  if (words == 0) return false;
  passage_quote(prose, first);
  cJSON_AddItemToArray(citations, cJSON_CreateString(local_json_text(first->entry, "id")));
  if (ranked->count < 2 || ranked->passages[1].fit < SECOND_SHARE * first->fit) return true;
  struct local_passage *second = &ranked->passages[1];
  if (local_passage_choose(second, SENTENCES_SECOND, WORDS_MAX - words) > 0) {
    passage_quote(prose, second);
    cJSON_AddItemToArray(citations, cJSON_CreateString(local_json_text(second->entry, "id")));
  }
  return true;
}

static cJSON *draft_handover(const struct local_wording *wording, const cJSON *voice,
                             float confidence, cJSON *missing, const char *next_step) {
  struct prose prose = {0};
  frame_open(&prose, voice, wording);
  prose_text(&prose, wording->handover);
  prose_text(&prose, "\n\n");
  frame_close(&prose, voice, wording);
  return draft_render(&prose, cJSON_CreateArray(), confidence, missing, next_step, true);
}

static const char *draft_language(const struct local_mind *mind, const cJSON *input,
                                  const char *text, size_t n, char to[8]) {
  const char *told = local_json_text(local_json_item(input, "triage"), "language");
  if (told[0] != '\0' && strlen(told) < 8 && strcmp(told, "und") != 0) {
    memcpy(to, told, strlen(told) + 1);
    return to;
  }
  const struct local_language_answer found = local_ticket_language(
      mind, text, n, local_json_text(local_json_item(input, "ticket"), "language"));
  memcpy(to, found.code, sizeof found.code);
  return to;
}

cJSON *local_draft(const struct local_mind *mind, const cJSON *input) {
  size_t n = 0;
  const cJSON *ticket = local_json_item(input, "ticket");
  char *newest = local_ticket_text(ticket, &n);
  char *text = local_talk_text(mind, ticket, newest, n, &n);
  free(newest);
  const cJSON *voice = local_json_item(input, "voice");
  char code[8];
  const struct local_wording *wording = local_wording_of(
      draft_language(mind, input, text, n, code));
  struct local_phrases phrases = {0};
  local_phrases_take(&phrases, text, n);
  cJSON *missing = missing_find(local_json_item(input, "missing_hint"), text, &phrases);
  const bool escalate = cJSON_IsTrue(local_json_item(local_json_item(input, "triage"), "escalate"));
  struct local_passages ranked = local_passages_rank(text, n, local_json_item(input, "passages"));
  const char *source = ranked.count > 0 ? local_json_text(ranked.passages[0].entry, "language")
                                        : "";
  const bool foreign = source[0] != '\0' && strncmp(source, code, 2) != 0;
  const float confidence = draft_confidence(&ranked, foreign);
  struct prose prose = {0};
  cJSON *citations = cJSON_CreateArray();
  cJSON *answer = NULL;
  if (!escalate && confidence >= SURE_LEAST) {
    frame_open(&prose, voice, wording);
    if (body_quote(&prose, &ranked, citations)) {
      missing_ask(&prose, missing, wording);
      prose_text(&prose, foreign ? wording->foreign : wording->source);
      prose_text(&prose, "\n\n");
      frame_close(&prose, voice, wording);
      answer = draft_render(&prose, citations, confidence, missing,
                            foreign ? "translate the quoted lines, then check and send"
                                    : "check the quoted lines against the question, then send",
                            false);
    } else {
      free(prose.bytes);
    }
  }
  if (answer == NULL) {
    cJSON_Delete(citations);
    answer = draft_handover(wording, voice, fminf(confidence, 0.3f), missing,
                            escalate ? "a person takes this over: it is marked for escalation"
                                     : "a person answers: the knowledge base has no clear match");
  }
  local_passages_free(&ranked);
  local_phrases_free(&phrases);
  free(text);
  return answer;
}

/* The newest customer text when the ticket lists messages, else its body. */
static const char *newest_text(const cJSON *ticket) {
  const char *newest = local_json_text(ticket, "body");
  if (newest[0] != '\0') return newest;
  const cJSON *message = NULL;
  cJSON_ArrayForEach(message, local_json_item(ticket, "messages")) {
    if (strcmp(local_json_text(message, "author"), "customer") == 0)
      newest = local_json_text(message, "text");
  }
  return newest;
}

cJSON *local_verify(const struct local_mind *mind, const cJSON *input) {
  const cJSON *ticket = local_json_item(input, "ticket");
  const char *text = newest_text(ticket);
  const size_t n = strlen(text);
  struct local_phrases phrases = {0};
  local_phrases_take(&phrases, text, n);
  size_t talk_n = 0;
  char *talk = local_talk_text(mind, ticket, text, n, &talk_n);
  const struct local_language_answer language = local_ticket_language(
      mind, talk, talk_n, local_json_text(ticket, "language"));
  free(talk);
  const size_t solved = local_rules_count(&phrases, language.code, LOCAL_SOLVED);
  const size_t unsolved = local_rules_count(&phrases, language.code, LOCAL_UNSOLVED);
  const size_t bad = local_rules_count(&phrases, language.code, LOCAL_NEGATIVE);
  const bool asks = memchr(text, '?', n) != NULL;
  const bool resolved = solved > 0 && unsolved == 0 && !asks && bad <= solved;
  float confidence = 0.5f;
  const char *reason = "the customer says neither that it is solved nor that it is not";
  if (resolved) {
    confidence = fminf(0.9f, 0.6f + 0.12f * (float)solved);
    reason = "the customer says that it is solved or thanks for it";
  } else if (unsolved > 0 || bad > 0) {
    confidence = fminf(0.9f, 0.6f + 0.1f * (float)(unsolved + bad));
    reason = "the customer still reports a problem";
  } else if (asks) {
    confidence = 0.65f;
    reason = "the customer asks another question";
  }
  local_phrases_free(&phrases);
  cJSON *answer = cJSON_CreateObject();
  cJSON_AddBoolToObject(answer, "resolved", resolved);
  cJSON_AddBoolToObject(answer, "confirmed", resolved && solved > 0 && bad == 0);
  cJSON_AddStringToObject(answer, "reason", reason);
  local_json_add_share(answer, "confidence", confidence);
  return answer;
}
