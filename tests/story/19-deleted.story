# Story 19. The AI answers, and the ticket is deleted within the window.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +2h 101 deleted human -
now +30d

expect per-resolution 0.00 excluded/deleted
expect fin 0.00 excluded/deleted
expect zendesk 0.00 excluded/deleted
expect agentforce-conversations 2.00 excluded/deleted
expect help-agent 0.00 excluded/deleted
expect gorgias 0.40 excluded/deleted
expect redo 0.00 excluded/deleted
expect agentforce-flex 0.00 excluded/deleted
