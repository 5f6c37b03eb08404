# Story 4. The AI only greets.
# Agentforce: the welcome opens a conversation. Gorgias: a message was sent, so it is a ticket.
# Unknown for Help Agent and Redo: their books say free.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai greeting
now +30d

expect per-resolution 0.00 excluded/greeting_only
expect fin 0.00 excluded/greeting_only
expect zendesk 0.00 excluded/greeting_only
expect agentforce-conversations 2.00 excluded/greeting_only
expect help-agent 0.00 excluded/greeting_only
expect gorgias 0.40 excluded/greeting_only
expect redo 0.00 excluded/greeting_only
expect agentforce-flex 0.00 excluded/greeting_only
