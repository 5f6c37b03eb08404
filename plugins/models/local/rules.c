#include "rules.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The built-in reasons, gravest first. `words` (divided by blanks) find the reason in a taxonomy
 * that names it in its own way. */
static const struct {
  enum local_topic topic;
  const char *name, *words;
  enum local_level level;
  bool always; /* also where the taxonomy does not name it: people or accounts are in danger */
} reasons[] = {
    {LOCAL_SAFETY, "safety", "safety danger injur hazard", LOCAL_URGENT_LEVEL, true},
    {LOCAL_TAKEOVER, "account_takeover", "takeover hack compromis fraud security breach",
     LOCAL_URGENT_LEVEL, true},
    {LOCAL_LEGAL, "legal_threat", "legal lawyer lawsuit court", LOCAL_HIGH, false},
    {LOCAL_PRIVACY, "privacy_request", "privacy gdpr dsgvo data_protection erasure", LOCAL_HIGH,
     false},
    {LOCAL_MEDIA, "media_threat", "media press public", LOCAL_HIGH, false},
    {LOCAL_MANAGER, "manager_request", "manager supervisor management", LOCAL_HIGH, false},
    {LOCAL_CHURN, "churn_business", "churn business cancel retention", LOCAL_HIGH, false},
    {LOCAL_REPEATED, "repeated_contact", "repeat again multiple", LOCAL_HIGH, false},
};

static const struct local_lexicon *lexicon_of(const char *language) {
  for (size_t i = 0; i < local_lexicon_count; i++)
    if (strcmp(local_lexicons[i].code, language) == 0) return &local_lexicons[i];
  return NULL;
}

/* Where danger is denied ("no smoke") the phrase is passed over; in the other topics a denial is
 * often part of the phrase. */
static bool topic_found(const struct local_phrases *phrases, const char *patterns, bool deniable,
                        const char **ret_pattern) {
  while (patterns != NULL && *patterns != '\0') {
    const int64_t at = local_phrases_find(phrases, patterns, ret_pattern);
    if (at < 0) return false;
    if (!deniable || !local_phrases_denied(phrases, (size_t)at)) return true;
    patterns = strchr(*ret_pattern, '|');
    patterns = patterns == NULL ? NULL : patterns + 1;
  }
  return false;
}

bool local_rules_find(const struct local_phrases *phrases, const char *language,
                      enum local_topic topic, const char **ret_pattern) {
  const char *pattern = NULL;
  const struct local_lexicon *lexicon = lexicon_of(language);
  const struct local_lexicon *english = lexicon_of("en");
  const bool deniable = topic == LOCAL_SAFETY;
  bool found = lexicon != NULL &&
               topic_found(phrases, lexicon->patterns[topic], deniable, &pattern);
  if (!found && lexicon != english)
    found = topic_found(phrases, english->patterns[topic], deniable, &pattern);
  if (found && ret_pattern != NULL) *ret_pattern = pattern;
  return found;
}

size_t local_rules_count(const struct local_phrases *phrases, const char *language,
                         enum local_topic topic) {
  const struct local_lexicon *lexicon = lexicon_of(language);
  if (lexicon == NULL) lexicon = lexicon_of("en");
  return local_phrases_count(phrases, lexicon->patterns[topic]);
}

const char *local_rules_signal(const struct local_phrases *phrases, const cJSON *signals) {
  const cJSON *signal = NULL;
  char pattern[256];
  cJSON_ArrayForEach(signal, signals) {
    if (!cJSON_IsString(signal) ||
        !local_phrases_pattern(pattern, sizeof pattern, signal->valuestring))
      continue;
    if (local_phrases_find(phrases, pattern, NULL) >= 0) return signal->valuestring;
  }
  return NULL;
}

void local_rules_quote(char *to, size_t n, const char *pattern) {
  snprintf(to, n, "%.*s", (int)strcspn(pattern, "|"), pattern);
}

/* The churn of a business needs both: who speaks, and that they go. */
static bool reason_found(const struct local_phrases *phrases, const char *language,
                         enum local_topic topic, const char **ret_pattern) {
  if (local_rules_find(phrases, language, topic, ret_pattern)) return true;
  return topic == LOCAL_CHURN && local_rules_find(phrases, language, LOCAL_BUSINESS, NULL) &&
         local_rules_find(phrases, language, LOCAL_LEAVING, ret_pattern);
}

static bool name_has(const char *name, const char *words) {
  char word[32];
  for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
    const size_t n = strcspn(at, " ");
    snprintf(word, sizeof word, "%.*s", (int)n, at);
    if (strcasestr(name, word) != NULL) return true;
    at += n;
  }
  return false;
}

static const char *entry_name(const cJSON *entry) {
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(entry, "reason");
  return cJSON_IsString(name) ? name->valuestring : "";
}

/* The taxonomy's name for a built-in reason, or NULL. */
static const char *reason_called(const cJSON *escalations, const char *own, const char *words) {
  const cJSON *entry = NULL;
  cJSON_ArrayForEach(entry, escalations) {
    const char *name = entry_name(entry);
    if (strcasecmp(name, own) == 0 || name_has(name, words)) return name;
  }
  return NULL;
}

static struct local_reason reason_make(const char *name, const char *because,
                                       enum local_level level, bool grave) {
  struct local_reason reason = {.level = level, .grave = grave};
  snprintf(reason.name, sizeof reason.name, "%s", name);
  local_rules_quote(reason.because, sizeof reason.because, because);
  return reason;
}

struct local_reason local_rules_escalate(const struct local_phrases *phrases, const char *language,
                                         const cJSON *escalations) {
  const bool listed = cJSON_GetArraySize(escalations) > 0;
  for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
    const char *called = listed ? reason_called(escalations, reasons[i].name, reasons[i].words)
                                : reasons[i].name;
    if (called == NULL && !reasons[i].always) continue;
    const char *pattern = "";
    if (reason_found(phrases, language, reasons[i].topic, &pattern))
      return reason_make(called != NULL ? called : reasons[i].name, pattern, reasons[i].level,
                         reasons[i].topic != LOCAL_PRIVACY);
  }
  const cJSON *entry = NULL;
  cJSON_ArrayForEach(entry, escalations) {
    const char *name = entry_name(entry);
    const char *signal = local_rules_signal(phrases,
                                            cJSON_GetObjectItemCaseSensitive(entry, "signals"));
    if (signal == NULL || name[0] == '\0') continue;
    enum local_level level = LOCAL_HIGH;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
      if (strcasecmp(name, reasons[i].name) == 0 || name_has(name, reasons[i].words)) {
        level = reasons[i].level;
        break;
      }
    return reason_make(name, signal, level, false);
  }
  return (struct local_reason){.level = LOCAL_LOW};
}

enum local_mood local_rules_mood(const struct local_phrases *phrases, const char *language,
                                 float *ret_confidence) {
  const size_t bad = local_rules_count(phrases, language, LOCAL_NEGATIVE);
  const size_t good = local_rules_count(phrases, language, LOCAL_POSITIVE);
  *ret_confidence = 0.6f;
  /* "Big thanks, the problem was solved": the trouble is in the past. */
  if (good > 0 && local_rules_count(phrases, language, LOCAL_SOLVED) > 0 && bad <= good + 1)
    return LOCAL_MOOD_POSITIVE;
  if (bad > good) {
    *ret_confidence = bad - good > 2 ? 0.9f : 0.65f + 0.08f * (float)(bad - good);
    return LOCAL_MOOD_NEGATIVE;
  }
  if (good > 0 && good >= bad) {
    *ret_confidence = good - bad > 1 ? 0.9f : 0.7f;
    return good > bad ? LOCAL_MOOD_POSITIVE : LOCAL_MOOD_NEUTRAL;
  }
  return LOCAL_MOOD_NEUTRAL;
}

int local_level_of(const char *name) {
  static const char *const names[4] = {
      " urgent critical blocker emergency p0 p1 1 sev1 s1 highest immediate dringend ",
      " high p2 2 sev2 s2 major important hoch ",
      " normal medium standard moderate p3 3 sev3 s3 default mittel ",
      " low minor p4 p5 4 5 sev4 s4 trivial lowest niedrig "};
  char padded[40];
  if (strlen(name) > sizeof padded - 3) return -1;
  snprintf(padded, sizeof padded, " %s ", name);
  for (int level = 0; level < 4; level++)
    if (strcasestr(names[level], padded) != NULL) return level;
  return -1;
}
