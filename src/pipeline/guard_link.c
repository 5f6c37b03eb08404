/*
 * Where a reader of the text could be led: addresses with and without a scheme, as mail programs
 * and helpdesks make links of them.
 *
 * Without a scheme a run of labels is a host when its last label is a country's domain, a generic
 * one of the list below, a domain in another script, or "xn--..."; any label of two letters and
 * more behind "@" or before "/". What is known as the end of a file name ("report.pdf", "node.js")
 * is none of these. Of those that are both ("setup.sh", "README.md", "user.name") only what is used
 * as an address counts: "@" before it, or "/" or "?" behind it. Version numbers end in digits;
 * "e.g." and "z.B." end in one letter, and one letter before a country's domain is taken for an
 * abbreviation ("p.es").
 */
#include "pipeline/guard_inner.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* IANA's list of country code domains, two letters each. */
static const char countries[] =
    "acadaeafagaialamaoaqarasatauawaxazbabbbdbebfbgbhbibjbmbnbobrbsbtbvbwbybzcacccdcfcgchcickclcmcn"
    "cocrcucvcwcxcyczdedjdkdmdodzeceeegereseteufifjfkfmfofrgagbgdgegfggghgiglgmgngpgqgrgsgtgugwgy"
    "hkhmhnhrhthuidieiliminioiqirisitjejmjojpkekgkhkikmknkpkrkwkykzlalblclilklrlsltlulvlymamcmdme"
    "mgmhmkmlmmmnmompmqmrmsmtmumvmwmxmymznancnenfngninlnonpnrnunzompapepfpgphpkplpmpnprpsptpwpyqa"
    "rerorsrurwsasbscsdsesgshsisjskslsmsnsosrssstsusvsxsysztctdtftgthtjtktltmtntotrtttvtwtzuaugukus"
    "uyuzvavcvevgvivnvuwfwsyeytzazmzw";

/* Generic domains that people meet, those that are known for abuse among them. */
static const char *const generics[] = {
    "com",      "net",     "org",       "info",      "biz",      "edu",        "gov",
    "mil",      "mobi",    "asia",      "travel",    "coop",     "aero",       "museum",
    "arpa",     "xxx",     "app",       "dev",       "site",     "website",    "online",
    "store",    "shop",    "tech",      "xyz",       "top",      "club",       "vip",
    "icu",      "cyou",    "buzz",      "fun",       "live",     "life",       "world",
    "today",    "news",    "blog",      "cloud",     "digital",  "hosting",    "click",
    "loan",     "racing",  "party",     "science",   "men",      "solutions",  "agency",
    "space",    "ink",     "pub",       "cam",       "monster",  "quest",      "sbs",
    "cfd",      "lol",     "rocks",     "guru",      "ninja",    "zone",       "fit",
    "art",      "design",  "studio",    "pics",      "software", "technology", "ltd",
    "llc",      "gmbh",    "inc",       "bank",      "finance",  "money",      "cash",
    "tax",      "crypto",  "markets",   "exchange",  "deals",    "sale",       "gift",
    "gifts",    "promo",   "delivery",  "express",   "pink",     "berlin",     "london",
    "paris",    "nyc",     "tokyo",     "amsterdam", "moscow",   "koeln",      "example",
    "onion",    "google",  "microsoft", "apple",     "amazon",   "aws",        "bot",
    "chat",     "social",  "games",     "game",      "bet",      "casino",     "poker",
    "porn",     "adult",   "sex",       "dating",    "webcam",   "accountant", "accountants",
    "faith",    "cricket", "рф",        "рус",       "онлайн",   "сайт",       "орг",
    "москва",   "укр",     "бел",       "срб",       "中国",     "中國",       "公司",
    "网络",     "香港",    "台湾",      "한국",      "みんな",   "ไทย",        "भारत",
    "الإمارات", "مصر",     "السعودية",  "ایران",     "қаз"};

/* Also the ends of file names, or of names in programs and templates ("user.name"). */
static const char *const both[] = {
    "md",    "sh",     "py",    "rs",     "pl",      "ps",      "cc",       "so",      "mk",
    "pm",    "zip",    "mov",   "name",   "email",   "date",    "post",     "link",    "host",
    "page",  "one",    "run",   "group",  "team",    "support", "help",     "service", "services",
    "win",   "bid",    "trade", "review", "reviews", "cat",     "jobs",     "work",    "works",
    "red",   "blue",   "black", "center", "rest",    "bar",     "download", "stream",  "credit",
    "pay",   "market", "photo", "photos", "video",   "tools",   "company",  "network", "systems",
    "media", "int",    "pro",   "tel",    "web"};
/* Ends of file names that are no domain, for paths such as "node.js/express". */
static const char *const files[] = {"js",  "ts",  "json", "yaml", "yml",  "html", "htm",  "php",
                                    "pdf", "txt", "csv",  "doc",  "docx", "xls",  "xlsx", "png",
                                    "jpg", "gif", "exe",  "log",  "css",  "xml",  "conf", "ini"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool in_list(struct trg_str s, const char *const *list, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (str_is_nocase(s, list[i])) return true;
  return false;
}

static bool is_country(struct trg_str s) {
  if (s.n != 2) return false;
  const char a = (char)tolower((unsigned char)s.p[0]), b = (char)tolower((unsigned char)s.p[1]);
  for (const char *p = countries; *p != '\0'; p += 2)
    if (p[0] == a && p[1] == b) return true;
  return false;
}

static bool all_letters(struct trg_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (!isalpha((unsigned char)s.p[i])) return false;
  return s.n >= 2;
}

/* Letters, digits and "-" of any script, not its punctuation: blocks of Unicode. */
static bool is_label_char(uint32_t c) {
  if (c < 0x80) return isalnum((int)c) || c == '-';
  return c >= 0xC0 && c != 0xD7 && c != 0xF7 && !(c >= 0x2000 && c < 0x2C00) &&
         !(c >= 0x3000 && c < 0x3040) && !(c >= 0xFE00 && c < 0xFF10) && c < 0x1F000;
}

/* The last label as far as a mail program reads on: a script without blanks ends it. */
static struct trg_str domain_of(struct trg_str label) {
  size_t at = 0, end = 0;
  while (at < label.n && (unsigned char)label.p[at] < 0x80) at++;
  end = at;
  if (at == 0 || at == label.n || utf8_next(label, &at) < 0x2E80) return label;
  return (struct trg_str){label.p, end};
}

/* One run of labels in the text, from `from` to `end`, without dots at its ends. */
struct run {
  struct trg_str text;
  size_t from, end;
  struct trg_str last; /* label */
  size_t dots;
};

/* The next run at or behind `at`; false: no more. */
static bool run_next(struct trg_str text, size_t at, struct run *ret) {
  for (size_t next = at; at < text.n; at = next) {
    next = at;
    if (is_label_char(utf8_next(text, &next))) break;
  }
  if (at >= text.n) return false;
  *ret = (struct run){.text = text, .from = at};
  size_t label = at;
  while (at < text.n) {
    size_t next = at;
    const uint32_t c = utf8_next(text, &next);
    if (c == '.' && next < text.n) {
      size_t behind = next;
      if (!is_label_char(utf8_next(text, &behind))) break;
      ret->dots++;
      label = next;
    } else if (!is_label_char(c)) {
      break;
    }
    at = next;
  }
  ret->last = domain_of((struct trg_str){text.p + label, at - label});
  ret->end = (size_t)(ret->last.p + ret->last.n - text.p);
  return true;
}

static char char_at(struct trg_str s, size_t at) {
  return at < s.n ? s.p[at] : '\0';
}

/* "10.0.0.1/login", "10.0.0.1:8080". */
static bool is_address(const struct run *r) {
  for (size_t i = r->from; i < r->end; i++)
    if (!isdigit((unsigned char)r->text.p[i]) && r->text.p[i] != '.') return false;
  const char next = char_at(r->text, r->end);
  return r->dots == 3 &&
         (next == '/' || (next == ':' && isdigit((unsigned char)char_at(r->text, r->end + 1))));
}

/* Is the last label a domain, by the rule above? */
static bool ends_in_domain(const struct run *r, bool path) {
  if (in_list(r->last, both, COUNT(both))) return path;
  if (in_list(r->last, files, COUNT(files))) return false;
  if (path && all_letters(r->last)) return true;
  if (is_country(r->last)) return r->dots > 1 || r->last.p - 1 > r->text.p + r->from + 1;
  return in_list(r->last, generics, COUNT(generics)) ||
         (r->last.n > 4 && strncasecmp(r->last.p, "xn--", 4) == 0);
}

static bool is_host(const struct run *r) {
  const char after = char_at(r->text, r->end);
  if (r->dots == 0 || after == '@') return false; /* what is behind the "@" counts */
  if (is_address(r)) return true;
  if (r->from > 0 && r->text.p[r->from - 1] == '@' && all_letters(r->last)) return true;
  return ends_in_domain(r, after == '/' || after == '?');
}

/* Where the authority of a link that begins at `at` stands: behind "://", behind "(//", or at
 * "www." itself. false: no link begins here. */
static bool link_authority(struct trg_str s, size_t at, size_t *ret_from) {
  const struct trg_str rest = {s.p + at, s.n - at};
  if (str_starts(rest, "://") || str_starts(rest, "(//")) {
    *ret_from = at + 3;
    return true;
  }
  if (rest.n < 4 || strncasecmp(rest.p, "www.", 4) != 0) return false;
  if (at > 0 && (isalnum((unsigned char)s.p[at - 1]) || s.p[at - 1] == '.')) return false;
  *ret_from = at;
  return true;
}

bool link_at(struct trg_str s, size_t at, struct trg_str *ret_host) {
  size_t from = 0;
  if (!link_authority(s, at, &from)) return false;
  size_t end = from;
  for (; end < s.n && !isspace((unsigned char)s.p[end]) && strchr("/?#)>\"'\\", s.p[end]) == NULL;
       end++)
    if (s.p[end] == '@') from = end + 1;
  size_t host_end = from;
  while (host_end < end && strchr(":,;", s.p[host_end]) == NULL) host_end++;
  while (host_end > from && s.p[host_end - 1] == '.') host_end--;
  *ret_host = (struct trg_str){s.p + from, host_end - from};
  return true;
}

bool host_allowed(struct trg_str host, const struct conf_policy *p) {
  for (size_t i = 0; i < p->link_count; i++) {
    const size_t n = strlen(p->links[i]);
    if (n == 0 || host.n < n || strncasecmp(host.p + host.n - n, p->links[i], n) != 0) continue;
    if (host.n == n || host.p[host.n - n - 1] == '.') return true;
  }
  return false;
}

/* The end of an address: its path belongs to its host. */
static size_t path_end(struct trg_str s, size_t at) {
  while (at < s.n && !isspace((unsigned char)s.p[at]) && strchr(")>\"'", s.p[at]) == NULL) at++;
  return at;
}

bool hosts_allowed(struct trg_str text, const struct conf_policy *p) {
  struct run r;
  size_t at = 0;
  for (size_t i = 0; i < text.n; i++) {
    struct trg_str host;
    if (link_at(text, i, &host) && !host_allowed(host, p)) return false;
  }
  while (run_next(text, at, &r)) {
    at = r.end;
    if (r.from > 2 && memcmp(text.p + r.from - 3, "://", 3) == 0) {
      at = path_end(text, r.from); /* looked at above, user names and all */
    } else if (is_host(&r)) {
      if (!host_allowed((struct trg_str){text.p + r.from, r.end - r.from}, p)) return false;
      if (char_at(text, r.end) == '/') at = path_end(text, r.end);
    }
  }
  return true;
}

/* --- what only looks different -------------------------------------------------------------------
 */

static bool is_invisible(uint32_t c) {
  return c == 0xAD || c == 0x34F || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0000 && c <= 0xE0FFF);
}

static uint32_t plain(uint32_t c) {
  if (c == 0x2024 || c == 0x3002 || c == 0xFF61) return '.';
  if (c == 0x2044 || c == 0x2215 || c == 0x29F8) return '/';
  if (c >= 0xFF01 && c <= 0xFF5E) return c - 0xFEE0; /* full width */
  return c;
}

struct trg_str link_plain(struct trg_str text, struct buf *b) {
  for (size_t at = 0; at < text.n;) {
    const uint32_t c = utf8_next(text, &at);
    if (is_invisible(c)) continue;
    char bytes[4];
    uint32_t to = plain(c);
    /* The full stop of Chinese and Japanese text is one, unless a name goes on behind it. */
    if (c == 0x3002 && (at >= text.n || !isalnum((unsigned char)text.p[at]))) to = c;
    buf_add(b, bytes, utf8_put(bytes, to));
  }
  return buf_view(b);
}
