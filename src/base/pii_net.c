/* E-mail addresses, IP addresses, and passwords inside URLs. */
#include "base/pii_scan.h"

#include <string.h>

#include "base/str.h"

#define LOCAL_MAX    96 /* the RFC says 64; look a little further */
#define DOMAIN_MAX   253
#define USERINFO_MAX 256

static bool is_local(unsigned char c) {
  return pii_is_alnum(c) || pii_is_one_of(c, "._%+-'&/=!#$*?^{|}~`");
}

/* In front of an address these belong to the text around it. */
static bool is_lead_in(unsigned char c) {
  return pii_is_one_of(c, ".'&/=!#$*?^{|}~`%");
}

bool pii_email_ahead(const struct pii_scan *scan, size_t i) {
  const size_t from = i;
  while (i - from < LOCAL_MAX) {
    const unsigned char c = pii_at(scan, i);
    if (c < 0x80 && !is_local(c)) break;
    size_t next = i + 1;
    if (c >= 0x80) {
      next = i;
      const uint32_t cp = utf8_next(scan->s, &next);
      if (!pii_is_wordish(cp) || cp >= 0x2E80) break;
    }
    i = next;
  }
  return pii_at(scan, i) == '@' && pii_is_alnum(pii_at(scan, i + 1));
}

static size_t local_start(const struct pii_scan *scan, size_t at) {
  size_t start = at;
  while (start > scan->done && at - start < LOCAL_MAX) {
    size_t before;
    const uint32_t c = pii_before(scan, start, &before);
    if (before < scan->done) break;
    /* Scripts without blanks run into the address; it is the Latin part that counts. */
    if (c < 0x80 ? !is_local((unsigned char)c) : !pii_is_wordish(c) || c >= 0x2E80) break;
    if (c == '=' || c == '?' || c == '&' || c == '/') break; /* a URL's, not the address's */
    start = before;
  }
  while (start < at && is_lead_in(pii_at(scan, start))) start++;
  return start;
}

static size_t label_end(const struct pii_scan *scan, size_t i, bool *ret_letters) {
  bool letters = true;
  const size_t from = i;
  while (i - from < 63) {
    const unsigned char c = pii_at(scan, i);
    if (c >= 0x80) {
      size_t next = i;
      const uint32_t cp = utf8_next(scan->s, &next);
      if (!pii_is_wordish(cp) || cp == 0xFFFD || cp >= 0x2E80) break;
      i = next;
      continue;
    }
    if (!pii_is_alnum(c) && c != '-') break;
    if (!pii_is_alpha(c)) letters = false;
    i++;
  }
  while (i > from && pii_at(scan, i - 1) == '-') i--;
  *ret_letters = letters || (i - from > 4 && pii_match_word(scan, from, "xn") == 2);
  return i;
}

/* End of the longest host name with a top-level domain at i, or i. */
static size_t domain_end(const struct pii_scan *scan, size_t i) {
  size_t end = i;
  size_t at = i;
  for (int labels = 1; at - i < DOMAIN_MAX; labels++) {
    bool letters;
    const size_t stop = label_end(scan, at, &letters);
    if (stop == at) break;
    if (labels > 1 && letters && stop - at >= 2) end = stop;
    if (pii_at(scan, stop) != '.') break;
    at = stop + 1;
  }
  return end;
}

bool pii_find_email(const struct pii_scan *scan, size_t at, size_t at_bytes, struct pii_hit *hit) {
  const size_t start = local_start(scan, at);
  if (start == at) return false;
  const size_t domain = at + at_bytes;
  const size_t end = domain_end(scan, domain);
  if (end == domain) return false;
  *hit = (struct pii_hit){PII_EMAIL, start, end};
  return true;
}

/* https://user:password@host: the part before @ is the secret. */
bool pii_find_userinfo(const struct pii_scan *scan, size_t colon, struct pii_hit *hit) {
  if (pii_at(scan, colon + 1) != '/' || pii_at(scan, colon + 2) != '/') return false;
  if (colon == 0 || !pii_is_alnum(pii_at(scan, colon - 1))) return false;
  const size_t start = colon + 3;
  size_t end = start;
  size_t last_at = start;
  while (end - start < USERINFO_MAX && pii_at(scan, end) > ' ' &&
         !pii_is_one_of(pii_at(scan, end), "/\"<>?")) {
    if (pii_at(scan, end) == '@') last_at = end;
    end++;
  }
  if (last_at == start || memchr(scan->s.p + start, ':', last_at - start) == NULL) return false;
  *hit = (struct pii_hit){PII_SECRET, start, last_at};
  return true;
}

/* One number of 0 to 255 without a leading zero; its end, or i. */
static size_t octet_end(const struct pii_scan *scan, size_t i) {
  unsigned value = 0;
  size_t end = i;
  while (pii_is_num(pii_at(scan, end)) && end - i < 4)
    value = value * 10 + (unsigned)(pii_at(scan, end++) - '0');
  if (end - i > 3 || value > 255 || (end - i > 1 && pii_at(scan, i) == '0')) return i;
  return end;
}

static size_t four_octets(const struct pii_scan *scan, size_t i) {
  size_t at = i;
  for (int k = 0; k < 4; k++) {
    const size_t end = octet_end(scan, at);
    if (end == at || (k < 3 && pii_at(scan, end) != '.')) return i;
    at = k < 3 ? end + 1 : end;
  }
  const unsigned char after = pii_at(scan, at);
  if (pii_is_alnum(after) || after == '_') return i;
  if ((after == '.' || after == '-') && pii_is_num(pii_at(scan, at + 1))) return i;
  return at;
}

/* "version 1.2.3.4": the word before tells. */
static bool is_version(const struct pii_scan *scan, size_t i) {
  static const char *const words[] = {"version", "firmware", "release", "build", "ver.", "v."};
  const size_t from = i > 12 ? i - 12 : 0;
  for (size_t at = from; at < i; at++)
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
      if (pii_match_word(scan, at, words[k]) > 0) return true;
  return false;
}

bool pii_find_ipv4(const struct pii_scan *scan, size_t i, struct pii_hit *hit) {
  if (i > 0) {
    const unsigned char before = pii_at(scan, i - 1);
    if (pii_is_alnum(before) || before == '_') return false;
    if ((before == '.' || before == '-') && i > 1 && pii_is_alnum(pii_at(scan, i - 2)))
      return false;
  }
  const size_t end = four_octets(scan, i);
  if (end == i || is_version(scan, i) || pii_email_ahead(scan, end)) return false;
  *hit = (struct pii_hit){PII_IP, i, end};
  return true;
}

static size_t hex_end(const struct pii_scan *scan, size_t i) {
  size_t end = i;
  while (end - i < 5 && pii_is_hex(pii_at(scan, end))) end++;
  return end - i > 4 ? i : end;
}

struct groups {
  int count;
  bool squeezed; /* "::" was met */
  bool digit;    /* some group holds a digit */
};

/* Groups and colons from i on; the end of the last sensible one. */
static size_t groups_end(const struct pii_scan *scan, size_t i, struct groups *g) {
  size_t at = i;
  while (g->count < 8) {
    const size_t end = hex_end(scan, at);
    if (end == at) return at;
    if (g->count <= 6 && pii_at(scan, end) == '.') { /* ::ffff:1.2.3.4 */
      const size_t v4 = four_octets(scan, at);
      if (v4 != at) {
        g->count += 2;
        g->digit = true;
        return v4;
      }
    }
    for (size_t k = at; k < end; k++) g->digit |= pii_is_num(pii_at(scan, k));
    g->count++;
    at = end;
    if (pii_at(scan, at) != ':') return at;
    if (pii_at(scan, at + 1) == ':') {
      if (g->squeezed) return at;
      g->squeezed = true;
      at += 2;
      if (!pii_is_hex(pii_at(scan, at))) return at;
      continue;
    }
    if (!pii_is_hex(pii_at(scan, at + 1))) return at;
    if (g->count < 8) at++;
  }
  return at;
}

/* Where the group in front of the colon begins; false when it is part of something else. */
static bool first_group(const struct pii_scan *scan, size_t colon, size_t *ret_start) {
  size_t start = colon;
  while (start > scan->done && colon - start < 5 && pii_is_hex(pii_at(scan, start - 1))) start--;
  *ret_start = start;
  if (colon - start > 4) return false;
  size_t at;
  const uint32_t before = pii_before(scan, start, &at);
  if (start > 0 &&
      (pii_is_wordish(before) || (before < 0x80 && pii_is_one_of((unsigned char)before, ":._"))))
    return false;
  return start < colon || pii_at(scan, colon + 1) == ':';
}

/* Eight groups; or fewer with "::", but not the a::b of a program. */
static bool is_ipv6(const struct groups *g, size_t bytes, bool leading) {
  if (!g->squeezed) return g->count == 8;
  if (g->count < 1 || g->count > 7 || !g->digit) return false;
  return g->count >= 2 || leading || bytes >= 5;
}

bool pii_find_ipv6(const struct pii_scan *scan, size_t colon, struct pii_hit *hit) {
  size_t start;
  if (!first_group(scan, colon, &start)) return false;
  const bool leading = start == colon;
  struct groups g = {.squeezed = leading};
  const size_t end = groups_end(scan, leading ? colon + 2 : start, &g);
  const unsigned char after = pii_at(scan, end);
  if (pii_is_alnum(after) || after == ':' || after == '_') return false;
  if (!is_ipv6(&g, end - start, leading)) return false;
  *hit = (struct pii_hit){PII_IP, start, end};
  return true;
}
