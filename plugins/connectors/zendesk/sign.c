/* The signature of webhooks. */
#include "../common/sign.h"
#include "zendesk.h"

/* TIMESTAMP, then the raw body. (An older page of the documentation had it the other way round; its
 * printed sample is no guide.) The secret's bytes are the key as they are shown, though they look
 * like base64. */
bool zd_signature_is(const char *secret, struct trg_str timestamp, struct trg_str body,
                     struct trg_str signature) {
  unsigned char mac[HD_SHA256_BYTES];
  if (!hd_hmac("SHA256", secret, timestamp, body, mac, sizeof mac)) return false;
  struct hd_buf text = hd_buf_new(64);
  hd_put_base64(&text, (struct trg_str){(const char *)mac, sizeof mac});
  const bool same = hd_equal_secret(hd_slice(&text), signature);
  hd_buf_free(&text);
  return same;
}
