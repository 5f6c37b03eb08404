# Story 11. The AI sets tags and leaves an internal note, nothing else.
# Unknown for Agentforce, Help Agent and Redo: their books say free.

ticket 101 chat ann
at +0s 101 msg_in customer -
at +1m 101 note ai -
now +30d

expect per-resolution 0.00 excluded/note_only
expect fin 0.00 excluded/note_only
expect zendesk 0.00 excluded/note_only
expect agentforce-conversations 0.00 excluded/note_only
expect help-agent 0.00 excluded/note_only
expect gorgias 0.00 excluded/note_only
expect redo 0.00 excluded/note_only
expect agentforce-flex 0.00 excluded/note_only
