# Story 10. The AI drafts, a person edits and sends.
# Never an AI resolution. Unknown for Agentforce conversations: its book says that the agent did not
# speak. Gorgias: a message was sent, so it is a ticket.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 note ai -
at +1h 101 msg_out ai answer edited
now +30d

expect per-resolution 0.00 excluded/human_edited
expect fin 0.00 excluded/human_edited
expect zendesk 0.00 excluded/human_edited
expect agentforce-conversations 0.00 excluded/human_edited
expect help-agent 0.00 excluded/human_edited
expect gorgias 0.40 excluded/human_edited
expect redo 0.00 excluded/human_edited
expect agentforce-flex 0.00 excluded/human_edited
