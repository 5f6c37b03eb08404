# Story 13. The customer replies only "thanks" after ten hours.
# The helpdesk reopens the ticket because of the message: that undoes nothing. Gorgias: thanks
# neither break nor confirm. Unknown for Redo: its book takes thanks as a confirmation.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 msg_out ai answer
at +10h 101 msg_in customer thanks
at +10h 101 signal customer thanks
at +10h 101 reopen system -
now +30d

expect per-resolution 0.99 resolved/confirmed
expect fin 0.99 resolved/confirmed
expect zendesk 2.00 resolved/confirmed
expect agentforce-conversations 2.00 resolved/confirmed
expect help-agent 2.00 resolved/confirmed
expect gorgias 1.30 resolved/assumed
expect redo 0.95 resolved/confirmed
expect agentforce-flex 0.00 excluded/not_priced
