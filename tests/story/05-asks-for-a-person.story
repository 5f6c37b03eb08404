# Story 5. The AI answers, the customer asks for a person.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +5m 101 msg_in customer -
at +5m 101 signal customer wants_human
at +6m 101 handoff ai customer
at +2h 101 msg_out human answer
now +30d

expect per-resolution 0.00 excluded/human_requested
expect fin 0.00 excluded/human_requested
expect zendesk 0.00 excluded/human_requested
expect agentforce-conversations 2.00 excluded/human_requested
expect help-agent 0.00 excluded/human_requested
expect gorgias 0.40 excluded/human_requested
expect redo 0.00 excluded/human_requested
expect agentforce-flex 0.00 excluded/human_requested
