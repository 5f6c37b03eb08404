/* Which words of a customer's text speak for which label, in four languages. */
#include "answer.h"

#include <ctype.h>
#include <string.h>

static const struct {
  const char *label; /* a label that contains this ... */
  const char *words; /* ... is spoken for by these, separated by | */
} table[] = {
    {"refund", "refund|money back|sent it back|sent the|erstatt|geld "
               "zurück|rückzahlung|rembours|reembols|devoluci|devuelv"},
    {"return", "return|send back|sent back|zurückschick|rücksend|retour|renvoy|devolver|devoluci"},
    {"billing", "invoice|charged|charge|bill|payment|rechnung|abgebucht|zahlung|factur|prélev|"
                "paiement|cobr|pago|cargo"},
    {"payment", "payment|paid|card|zahlung|karte|paiement|carte|pago|tarjeta"},
    {"invoice", "invoice|rechnung|facture|factura"},
    {"shipping", "parcel|deliver|shipping|shipment|package|tracking|paket|liefer|versand|sendung|"
                 "colis|livraison|livré|envío|paquete|entrega"},
    {"delivery", "parcel|deliver|paket|liefer|colis|livraison|envío|entrega"},
    {"account", "password|log in|login|sign in|account|passwort|anmeld|konto|mot de "
                "passe|connexion|compte|contraseña|cuenta"},
    {"access",
     "password|log in|login|locked|passwort|anmeld|gesperrt|mot de passe|accès|contraseña|acceso"},
    {"login", "password|log in|login|sign in|passwort|anmeld|mot de passe|contraseña"},
    {"technical", "error|crash|bug|not work|does not start|broken|offline|fehler|funktioniert "
                  "nicht|kaputt|defekt|erreur|marche pas|panne|fallo|no funciona|avería"},
    {"bug", "error|crash|bug|fehler|erreur|fallo"},
    {"device", "device|pair|firmware|gerät|koppel|appareil|dispositivo"},
    {"cancel", "cancel|terminate|unsubscribe|kündig|storn|résili|annul|dar de baja|cancelar"},
    {"subscription", "subscription|plan|abo|abonnement|suscripción"},
    {"product", "which|does it|compatible|fit|size|welche|passt|quel|cuál|compatible"},
    {"question", "which|does it|how do|question|frage|question|pregunta"},
    {"how", "how do i|how can i|how to|where do i|wie kann|wie geht|comment faire|comment "
            "puis|cómo|dónde"},
    {"security", "hacked|stolen|fraud|phish|breach|gehackt|betrug|piraté|fraude|hacke|robad"},
    {"privacy", "privacy|gdpr|my data|personal data|datenschutz|dsgvo|meine daten|rgpd|mes "
                "données|privacidad|mis datos"},
    {"complaint", "angry|unacceptable|disappoint|third "
                  "time|complain|beschwer|unverschämt|enttäuscht|plainte|inacceptable|déçu|queja|"
                  "inaceptable|decepcion"},
    {"feedback", "suggest|idea|love|great|vorschlag|idée|sugerencia"},
    {"spam", "seo|lottery|crypto|casino|out of office|click here|backlink|guest post"},
    {"legal", "lawyer|court|sue|anwalt|gericht|avocat|tribunal|abogado|demanda"},
    {"urgent", "urgent|immediately|asap|emergency|fire|smoke|gas|hacked|dringend|sofort|notfall|"
               "urgence|immédiat|urgente|inmediat"},
    {"high", "third time|charged twice|cannot work|lawyer|still waiting|zweimal|immer noch|deux "
             "fois|toujours pas|dos veces|todavía"},
    {"low", "just a question|curious|no rush|nur eine frage|out of office|simple question|solo una "
            "pregunta"},
    {"negative", "angry|not |never|still|unacceptable|disappoint|worst|nicht|enttäuscht|pas "
                 "|jamais|inacceptable|nunca|mal "},
    {"positive",
     "thank you so|great|love|perfect|super|wunderbar|parfait|excellent|perfecto|genial"},
    {"sales", "price|quote|offer|discount|preis|angebot|prix|devis|precio|oferta"},
    {"resolved", "solved|works now|thank|that "
                 "helped|erledigt|geholfen|funktioniert|réglé|merci|résolu|resuelto|gracias"},
    {"human", "human|real person|an agent|menschen|mitarbeiter|kollegen|un humain|conseiller|una "
              "persona|un agente"},
    {"reopen", "again|come back to|wieder|revenu|otra vez|ha vuelto"},
};

static size_t word_count(const char *text, const char *word, size_t n) {
  char needle[64];
  size_t count = 0;
  if (n == 0 || n >= sizeof needle) {
    return 0;
  }
  memcpy(needle, word, n);
  needle[n] = '\0';
  for (const char *at = text; (at = strstr(at, needle)) != NULL; at += n) {
    /* words may go on ("charge", "charged") but must begin here */
    count += at == text || !isalnum((unsigned char)at[-1]) ? 1 : 0;
  }
  return count;
}

static size_t list_count(const char *text, const char *words) {
  size_t count = 0;
  while (*words) {
    size_t n = strcspn(words, "|");
    count += word_count(text, words, n);
    words += n + (words[n] ? 1 : 0);
  }
  return count;
}

size_t keyword_hits(const char *text, const char *label) {
  size_t hits = 0;
  for (const char *at = label; *at;) {
    size_t n = 0;
    while (isalnum((unsigned char)at[n])) {
      n++;
    }
    hits += n > 3 ? word_count(text, at, n) : 0;
    at += n + (at[n] ? 1 : 0);
  }
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (strcasestr(label, table[i].label)) {
      hits += list_count(text, table[i].words);
    }
  }
  return hits;
}

bool text_wants_person(const char *text) {
  return list_count(text, "human please|a human|real person|talk to somebody|speak to a|an "
                          "agent|your colleagues|"
                          "einen menschen|mitarbeiter sprechen|kollegen weiter|un humain|un "
                          "conseiller|vos collègues|"
                          "una persona|con un agente|compañero") > 0;
}

bool text_says_thanks(const char *text) {
  return list_count(
             text,
             "solved it|works now|that helped|you can close|das hat geholfen|jetzt funktioniert|"
             "kann geschlossen|c'est réglé|ça marche|pouvez fermer|ya está resuelto|ahora funciona|"
             "pueden cerrar") > 0;
}
