/* The vendors that the simulator plays. A new one is one file and two lines here. */
#include "sim.h"

extern const struct vendor vendor_zendesk;
extern const struct vendor vendor_salesforce;
extern const struct vendor vendor_intercom;
extern const struct vendor vendor_anthropic;
extern const struct vendor vendor_openai;
extern const struct vendor vendor_gemini;
extern const struct vendor vendor_bedrock;
extern const struct vendor vendor_stripe;

const struct vendor *const sim_vendors[] = {&vendor_stripe,   &vendor_zendesk,   &vendor_salesforce,
                                            &vendor_intercom, &vendor_anthropic, &vendor_openai,
                                            &vendor_gemini,   &vendor_bedrock,   NULL};
