# Story 18. A sandbox: everything happens, nothing is charged.

ticket 101 chat ann sandbox
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +10m 101 signal customer confirm
now +30d

expect per-resolution 0.00 excluded/sandbox
expect fin 0.00 excluded/sandbox
expect zendesk 0.00 excluded/sandbox
expect agentforce-conversations 0.00 excluded/sandbox
expect help-agent 0.00 excluded/sandbox
expect gorgias 0.00 excluded/sandbox
expect redo 0.00 excluded/sandbox
expect agentforce-flex 0.00 excluded/sandbox
