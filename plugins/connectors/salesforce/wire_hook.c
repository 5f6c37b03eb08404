/*
 * Deliveries: JSON of our own shape, sent by a Flow or by Apex, and the SOAP of outbound messages.
 * Both only say "look at this case"; nothing else in them is used.
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "wire.h"

#define CASES_MAX 200 /* in one delivery; an outbound message has at most 100 */

int64_t salesforce_stamp_ms(struct trg_str stamp) {
  int64_t number = 0;
  if (stamp.n < 9 || stamp.n > 40) return 0;
  for (size_t i = 0; i < stamp.n; i++) {
    if (stamp.p[i] < '0' || stamp.p[i] > '9' || stamp.n > 14) return hd_time_ms(stamp);
    number = number * 10 + (stamp.p[i] - '0');
  }
  return stamp.n >= 12 ? number : number * 1000;
}

bool salesforce_hook_is_soap(const struct trg_delivery *delivery) {
  size_t i = 0;
  const struct trg_str body = delivery->body;
  if (body.n >= 3 && memcmp(body.p, "\xEF\xBB\xBF", 3) == 0) i = 3;
  while (i < body.n && body.p[i] != '\0' && strchr(" \t\r\n", body.p[i]) != NULL) i++;
  return i < body.n && body.p[i] == '<';
}

/* The next element with this local name behind *at: its text, and *at moves behind its start tag.
 * Enough for ids: neither entities nor CDATA nor comments can stand in one. */
static bool element_next(struct trg_str xml, const char *name, size_t *at, struct trg_str *ret) {
  const size_t n = strlen(name);
  for (size_t i = *at; i < xml.n; i++) {
    if (xml.p[i] != '<') continue;
    const char *end = memchr(xml.p + i, '>', xml.n - i);
    if (end == NULL) return false;
    struct trg_str tag = {xml.p + i + 1, (size_t)(end - xml.p) - i - 1};
    const char *colon = tag.n > 0 ? memchr(tag.p, ':', tag.n) : NULL;
    const char *blank = tag.n > 0 ? memchr(tag.p, ' ', tag.n) : NULL;
    if (colon != NULL && (blank == NULL || colon < blank)) {
      tag.n -= (size_t)(colon - tag.p) + 1;
      tag.p = colon + 1;
    }
    if (tag.n < n || memcmp(tag.p, name, n) != 0 || (tag.n > n && tag.p[n] != ' ')) continue;
    *at = (size_t)(end - xml.p) + 1;
    const char *close = *at < xml.n ? memchr(xml.p + *at, '<', xml.n - *at) : NULL;
    *ret = (struct trg_str){xml.p + *at, close != NULL ? (size_t)(close - xml.p) - *at : 0};
    return true;
  }
  return false;
}

struct trg_str salesforce_soap_text(struct trg_str xml, const char *name) {
  struct trg_str text = {NULL, 0};
  size_t at = 0;
  return element_next(xml, name, &at, &text) ? text : (struct trg_str){NULL, 0};
}

/* The Notifications of an outbound message one after the other, each as the text from its start to
 * the next one's. */
static bool notification_next(struct trg_str xml, size_t *at, struct trg_str *ret) {
  struct trg_str text;
  if (!element_next(xml, "Notification", at, &text)) return false;
  size_t next = *at;
  const size_t end = element_next(xml, "Notification", &next, &text) ? next : xml.n;
  *ret = (struct trg_str){xml.p + *at, end - *at};
  return true;
}

struct trg_str salesforce_soap_only_id(struct trg_str xml) {
  struct trg_str first, second;
  size_t at = 0;
  if (!notification_next(xml, &at, &first) || notification_next(xml, &at, &second))
    return (struct trg_str){NULL, 0};
  return salesforce_soap_text(first, "Id");
}

void salesforce_hook_answer(const struct trg_delivery *delivery, struct trg_answer *ret) {
  if (!salesforce_hook_is_soap(delivery)) return;
  ret->content_type = TRG_STR("text/xml; charset=utf-8");
  ret->body = TRG_STR(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
      "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>"
      "<notificationsResponse xmlns=\"http://soap.sforce.com/2005/09/outbound\"><Ack>true</Ack>"
      "</notificationsResponse></soapenv:Body></soapenv:Envelope>");
}

struct telling {
  void (*sink)(void *arg, const struct trg_notice *);
  void *arg;
  struct trg_str version; /* "hook:..." */
  int64_t at_ms;
  size_t count;
};

static void case_tell(struct telling *t, struct trg_str text) {
  char id[SF_ID_BYTES];
  if (!salesforce_is_id(text, "500") || !salesforce_id18(text, id) || t->count == CASES_MAX) return;
  const struct trg_notice notice = {sizeof notice, {id, 18}, t->version, t->at_ms};
  t->count++;
  t->sink(t->arg, &notice);
}

/* The cases of an outbound message: each Notification has its own id, which stays the same when it
 * is sent again, alone or among others; and then the record's. */
static void soap_tell(struct telling *t, struct trg_str xml) {
  struct trg_str one, text;
  for (size_t at = 0; notification_next(xml, &at, &one);) {
    struct hd_buf version = hd_buf_new(64);
    hd_puts(&version, "hook:");
    text = salesforce_soap_text(one, "Id");
    hd_put_clean(&version, text.n <= 40 ? text : (struct trg_str){NULL, 0});
    t->version = hd_slice(&version);
    for (size_t i = 0; element_next(one, "Id", &i, &text);) case_tell(t, text);
    for (size_t i = 0; element_next(one, "ParentId", &i, &text);) case_tell(t, text);
    hd_buf_free(&version);
  }
}

static int object_tell(struct telling *t, const cJSON *object, struct trg_err *err) {
  static const char *const keys[] = {"id", "Id", "case_id", "caseId", "CaseId", "ParentId"};
  const cJSON *ids = hd_json_in(object, "ids"), *item;
  if (cJSON_IsString(object)) case_tell(t, hd_str(object->valuestring));
  if (!cJSON_IsObject(object)) return 0;
  if (hd_json_twins(object)) return salesforce_malformed(err, "the same key twice");
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    case_tell(t, hd_json_str(object, keys[i]));
  cJSON_ArrayForEach(item, ids) {
    if (cJSON_IsString(item)) case_tell(t, hd_str(item->valuestring));
  }
  return 0;
}

static int json_tell(struct telling *t, struct trg_str body, struct trg_err *err) {
  cJSON *json = salesforce_json(body, err);
  const cJSON *item;
  int rc = 0;
  if (json == NULL) return -1;
  if (cJSON_IsArray(json)) {
    cJSON_ArrayForEach(item, json) {
      if (rc == 0) rc = object_tell(t, item, err);
    }
  } else {
    rc = object_tell(t, json, err);
  }
  cJSON_Delete(json);
  return rc;
}

int salesforce_hook_read(const struct trg_delivery *delivery,
                         void (*sink)(void *arg, const struct trg_notice *), void *arg,
                         struct trg_err *err) {
  const struct trg_header *headers = delivery->headers;
  struct hd_buf version = hd_buf_new(256);
  int rc = 0;
  if (delivery->body.n == 0) return 0; /* a test delivery: signed, and about nothing */
  hd_puts(&version, "hook:");
  hd_put_clean(&version, hd_header(headers, delivery->header_count, "x-triage-timestamp"));
  struct telling telling = {sink, arg, hd_slice(&version), delivery->now_ms, 0};
  if (salesforce_hook_is_soap(delivery))
    soap_tell(&telling, delivery->body);
  else
    rc = json_tell(&telling, delivery->body, err);
  if (rc == 0 && telling.count == 0)
    rc = salesforce_malformed(err, "no case in it: send {\"id\":\"500...\"} or {\"ids\":[...]}");
  hd_buf_free(&version);
  return rc;
}
