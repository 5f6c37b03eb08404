/* The signature of webhooks. */
#include "../common/sign.h"
#include "intercom.h"

/* SHA-1 is what Intercom signs with; as a keyed hash it has not been broken. */
bool intercom_signature_is(const char *secret, struct trg_str body, struct trg_str header) {
  unsigned char mac[HD_SHA1_BYTES];
  char text[5 + 2 * HD_SHA1_BYTES] = "sha1=";
  if (!hd_hmac("SHA1", secret, body, (struct trg_str){NULL, 0}, mac, sizeof mac)) return false;
  hd_hex(text + 5, mac, sizeof mac);
  return hd_equal_secret((struct trg_str){text, sizeof text}, header);
}
