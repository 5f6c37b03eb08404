# Story 14. Spam, and the AI replies.
# Unknown for Fin, Zendesk, Help Agent and Redo: their books say free. Agentforce and Gorgias count
# the conversation and the ticket.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +3m 101 spam human -
now +30d

expect per-resolution 0.00 excluded/spam
expect fin 0.00 excluded/spam
expect zendesk 0.00 excluded/spam
expect agentforce-conversations 2.00 excluded/spam
expect help-agent 0.00 excluded/spam
expect gorgias 0.40 excluded/spam
expect redo 0.00 excluded/spam
expect agentforce-flex 0.00 excluded/spam
