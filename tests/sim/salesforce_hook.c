/* Salesforce's outbound messages: SOAP without a signature, sent again until the Ack comes back,
 * and alone or together as it happens. */
#include "salesforce.h"

#include <stdio.h>

enum { ATTEMPTS_MAX = 20 };

/* Whatever is not an Ack. */
static bool again(int status, unsigned attempt) {
  (void)status;
  return attempt < ATTEMPTS_MAX;
}

static const struct push_way way = {.desk = DESK_SALESFORCE,
                                    .content_type = "text/xml; charset=utf-8",
                                    .wanted = "<Ack>true</Ack>",
                                    .again = again};

static void notification_write(struct buf *b, const struct ticket *t, const struct entry *e,
                               uint64_t event) {
  char notification[SF_ID_BYTES], record[SF_ID_BYTES], id[SF_ID_BYTES];
  sf_id(notification, "04l", event);
  sf_id(id, "500", t->number);
  buf_printf(b, "<Notification><Id>%s</Id>", notification);
  if ((e->flags & ENTRY_MESSAGE) && !(e->flags & ENTRY_CREATES)) {
    sf_id(record, "02s", e->message_id);
    buf_printf(b,
               "<sObject xsi:type=\"sf:EmailMessage\" "
               "xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\"><sf:Id>%s</sf:Id>"
               "<sf:ParentId>%s</sf:ParentId></sObject>",
               record, id);
  } else {
    buf_printf(b,
               "<sObject xsi:type=\"sf:Case\" "
               "xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\"><sf:Id>%s</sf:Id>"
               "<sf:CaseNumber>%08llu</sf:CaseNumber></sObject>",
               id, (unsigned long long)t->number);
  }
  buf_str(b, "</Notification>");
}

void salesforce_pushed(struct sim *s, const struct ticket *t, const struct entry *e) {
  struct buf b = {0};
  char org[SF_ID_BYTES], action[SF_ID_BYTES];
  uint64_t event = ++s->pushed;
  sf_id(org, "00D", 1);
  sf_id(action, "04k", 1);
  buf_printf(&b,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope "
             "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "
             "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "
             "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>"
             "<notifications xmlns=\"http://soap.sforce.com/2005/09/outbound\">"
             "<OrganizationId>%s</OrganizationId><ActionId>%s</ActionId>"
             "<SessionId xsi:nil=\"true\"/><EnterpriseUrl>https://sim.my.salesforce.com/services/"
             "Soap/c/62.0/simulated</EnterpriseUrl><PartnerUrl>https://sim.my.salesforce.com/"
             "services/Soap/u/62.0/simulated</PartnerUrl>",
             org, action);
  notification_write(&b, t, e, event);
  buf_str(&b, "</notifications></soapenv:Body></soapenv:Envelope>");
  pusher_send(s, buf_text(&b), event, &way);
  buf_free(&b);
}
