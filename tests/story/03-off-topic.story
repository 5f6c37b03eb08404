# Story 3. The AI answers, silence, and the judge says that the answer was off-topic.
# Only Zendesk asks for a check. Unknown for Help Agent and Redo: their books have none.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +73h 101 verify ai fail
now +30d

expect per-resolution 0.99 resolved/assumed
expect fin 0.99 resolved/assumed
expect zendesk 0.00 excluded/not_verified
expect agentforce-conversations 2.00 resolved/assumed
expect help-agent 2.00 resolved/assumed
expect gorgias 1.30 resolved/assumed
expect redo 0.95 resolved/assumed
expect agentforce-flex 0.00 excluded/not_priced
