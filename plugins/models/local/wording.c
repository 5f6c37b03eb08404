#include "wording.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const struct local_wording wordings[] = {
{"en", "Hello,", "Kind regards",
 "This answer was put together from our knowledge base.",
 "The lines above are quoted from our knowledge base in its own language.",
 "So that we can help you further, please send us:",
 "thank you for your message. A colleague will look at it and reply to you personally."},
{"de", "Guten Tag,", "Mit freundlichen Grüßen",
 "Diese Antwort wurde aus unserer Wissensdatenbank zusammengestellt.",
 "Die Zeilen oben sind in ihrer Originalsprache aus unserer Wissensdatenbank zitiert.",
 "Damit wir Ihnen weiterhelfen können, senden Sie uns bitte:",
 "vielen Dank für Ihre Nachricht. Eine Kollegin oder ein Kollege sieht sie sich an und antwortet Ihnen persönlich."},
{"fr", "Bonjour,", "Cordialement",
 "Cette réponse a été composée à partir de notre base de connaissances.",
 "Les lignes ci-dessus sont citées de notre base de connaissances dans leur langue d'origine.",
 "Afin de pouvoir vous aider, merci de nous envoyer :",
 "merci pour votre message. Un membre de notre équipe va le lire et vous répondra personnellement."},
{"es", "Hola:", "Un cordial saludo",
 "Esta respuesta se ha compuesto a partir de nuestra base de conocimientos.",
 "Las líneas anteriores se citan de nuestra base de conocimientos en su idioma original.",
 "Para poder ayudarle, envíenos por favor:",
 "gracias por su mensaje. Una persona de nuestro equipo lo leerá y le responderá personalmente."},
{"it", "Buongiorno,", "Cordiali saluti",
 "Questa risposta è stata composta a partire dalla nostra base di conoscenze.",
 "Le righe sopra sono citate dalla nostra base di conoscenze nella lingua originale.",
 "Per poterla aiutare, ci invii per favore:",
 "grazie per il suo messaggio. Una persona del nostro team lo leggerà e le risponderà personalmente."},
{"nl", "Hallo,", "Met vriendelijke groet",
 "Dit antwoord is samengesteld uit onze kennisbank.",
 "De regels hierboven zijn in hun oorspronkelijke taal uit onze kennisbank geciteerd.",
 "Stuur ons alstublieft nog het volgende, zodat we u verder kunnen helpen:",
 "bedankt voor uw bericht. Een collega bekijkt het en antwoordt u persoonlijk."},
{"pt", "Olá,", "Com os melhores cumprimentos",
 "Esta resposta foi composta a partir da nossa base de conhecimento.",
 "As linhas acima são citadas da nossa base de conhecimento na língua original.",
 "Para o podermos ajudar, envie-nos por favor:",
 "obrigado pela sua mensagem. Uma pessoa da nossa equipa irá lê-la e responder-lhe pessoalmente."},
{"pl", "Dzień dobry,", "Z poważaniem",
 "Ta odpowiedź została zestawiona z naszej bazy wiedzy.",
 "Powyższe wiersze są cytatem z naszej bazy wiedzy w języku oryginału.",
 "Abyśmy mogli pomóc, prosimy o przesłanie:",
 "dziękujemy za wiadomość. Ktoś z naszego zespołu ją przeczyta i odpowie Państwu osobiście."},
};
/* clang-format on */

const struct local_wording *local_wording_of(const char *code) {
  for (size_t i = 0; i < sizeof wordings / sizeof wordings[0]; i++)
    if (strcmp(wordings[i].code, code) == 0) return &wordings[i];
  return &wordings[0];
}
