#include "phrases.h"

#include <stddef.h>
#include <string.h>

enum { VARIANTS = 3 };

static const char *const english[PHRASE_COUNT][VARIANTS] = {
    [PHRASE_THANKS] = {"Thank you, that solved it!",
                       "Great, works now. Thanks for the quick answer.",
                       "Perfect, many thanks. You can close this."},
    [PHRASE_FOLLOWUP] =
        {"Thanks, but I still see the same problem after doing that. What else can I try?",
         "That answers only half of my question. How long will it take until it is done?",
         "I followed the steps, but the second one does not look like that for me. Could you "
         "check?"},
    [PHRASE_HUMAN] = {"This does not help. A human please.",
                      "I would like to speak to a real person, not to a machine.",
                      "Please pass this on to one of your colleagues, I want to talk to somebody."},
    [PHRASE_REOPEN] =
        {"I have to come back to this: the problem is there again since this morning.",
         "Unfortunately it was not solved after all, it happened again today.",
         "Hello again, the same thing as before. Nothing has changed."},
    [PHRASE_AGENT_ANSWER] =
        {"Hello, I have looked at your case myself and put it right. Please tell us if anything "
         "is still open.",
         "Hi, this is taken care of now. You will get a confirmation by e-mail within the hour.",
         "Good day, sorry for the trouble. I have corrected it on our side."},
    [PHRASE_AGENT_ADDS] =
        {"I have also left a note on your account so that this does not happen again.",
         "If this does not help, answer here and I will take it from there.",
         "I checked this with the team in charge."},
    [PHRASE_AGENT_SOLVES] = {"Glad to hear that. I am closing this one.", "You are welcome!",
                             "Happy to help."},
    [PHRASE_RATING_GOOD] = {"Fast and friendly.", "Solved at the first try.",
                            "Exactly what I needed."},
    [PHRASE_RATING_BAD] = {"The answer had nothing to do with my question.", "Took far too long.",
                           "Still not solved."},
};

static const char *const german[PHRASE_COUNT][VARIANTS] = {
    [PHRASE_THANKS] = {"Vielen Dank, das hat geholfen!",
                       "Super, jetzt funktioniert es. Danke für die schnelle Antwort.",
                       "Perfekt, besten Dank. Das Ticket kann geschlossen werden."},
    [PHRASE_FOLLOWUP] =
        {"Danke, aber der Fehler tritt danach immer noch auf. Was kann ich noch versuchen?",
         "Das beantwortet nur die Hälfte meiner Frage. Wie lange dauert es denn noch?",
         "Ich habe alles so gemacht, aber der zweite Schritt sieht bei mir anders aus. Können Sie "
         "nachsehen?"},
    [PHRASE_HUMAN] = {"Das hilft mir nicht. Bitte einen Menschen.",
                      "Ich möchte mit einem Mitarbeiter sprechen, nicht mit einer Maschine.",
                      "Bitte leiten Sie das an eine Kollegin oder einen Kollegen weiter."},
    [PHRASE_REOPEN] =
        {"Ich muss mich noch einmal melden: seit heute früh ist das Problem wieder da.",
         "Leider war es doch nicht gelöst, heute ist es wieder passiert.",
         "Hallo noch einmal, dasselbe wie zuvor. Es hat sich nichts geändert."},
    [PHRASE_AGENT_ANSWER] =
        {"Guten Tag, ich habe mir Ihren Fall selbst angesehen und ihn in Ordnung gebracht.",
         "Hallo, das ist jetzt erledigt. Sie erhalten gleich eine Bestätigung per E-Mail.",
         "Guten Tag, entschuldigen Sie die Umstände. Ich habe es bei uns korrigiert."},
    [PHRASE_AGENT_ADDS] = {"Ich habe auch einen Vermerk in Ihrem Konto hinterlegt.",
                           "Falls das nicht hilft, antworten Sie einfach hier.",
                           "Ich habe das mit der zuständigen Abteilung geklärt."},
    [PHRASE_AGENT_SOLVES] = {"Das freut mich. Ich schließe das Ticket.", "Gern geschehen!",
                             "Jederzeit gern."},
    [PHRASE_RATING_GOOD] = {"Schnell und freundlich.", "Beim ersten Mal gelöst.",
                            "Genau das, was ich brauchte."},
    [PHRASE_RATING_BAD] = {"Die Antwort hatte nichts mit meiner Frage zu tun.",
                           "Hat viel zu lange gedauert.", "Immer noch nicht gelöst."},
};

static const char *const french[PHRASE_COUNT][VARIANTS] = {
    [PHRASE_THANKS] = {"Merci beaucoup, c'est réglé !",
                       "Parfait, ça marche maintenant. Merci pour la rapidité.",
                       "Très bien, merci. Vous pouvez fermer la demande."},
    [PHRASE_FOLLOWUP] =
        {"Merci, mais j'ai toujours le même problème après cela. Que puis-je essayer d'autre ?",
         "Cela ne répond qu'à moitié à ma question. Combien de temps faut-il encore ?",
         "J'ai suivi les étapes, mais la deuxième n'est pas la même chez moi. Pouvez-vous vérifier "
         "?"},
    [PHRASE_HUMAN] = {"Cela ne m'aide pas. Un humain, s'il vous plaît.",
                      "Je voudrais parler à un conseiller, pas à une machine.",
                      "Merci de transmettre ma demande à un de vos collègues."},
    [PHRASE_REOPEN] = {"Je reviens vers vous : le problème est revenu ce matin.",
                       "Finalement ce n'était pas réglé, cela s'est reproduit aujourd'hui.",
                       "Rebonjour, toujours la même chose. Rien n'a changé."},
    [PHRASE_AGENT_ANSWER] =
        {"Bonjour, j'ai regardé votre dossier moi-même et tout est rentré dans l'ordre.",
         "Bonjour, c'est fait. Vous recevrez une confirmation par e-mail.",
         "Bonjour, désolé pour la gêne. Je l'ai corrigé de notre côté."},
    [PHRASE_AGENT_ADDS] = {"J'ai aussi laissé une note sur votre compte.",
                           "Si cela ne suffit pas, répondez simplement ici.",
                           "J'ai vérifié avec l'équipe concernée."},
    [PHRASE_AGENT_SOLVES] = {"Ravi de l'apprendre. Je ferme la demande.", "Avec plaisir !",
                             "Je vous en prie."},
    [PHRASE_RATING_GOOD] = {"Rapide et aimable.", "Réglé du premier coup.",
                            "Exactement ce qu'il me fallait."},
    [PHRASE_RATING_BAD] = {"La réponse n'avait rien à voir avec ma question.",
                           "Beaucoup trop long.", "Toujours pas réglé."},
};

static const char *const spanish[PHRASE_COUNT][VARIANTS] = {
    [PHRASE_THANKS] = {"Muchas gracias, ya está resuelto.",
                       "Perfecto, ahora funciona. Gracias por la rapidez.",
                       "Muy bien, gracias. Pueden cerrar el caso."},
    [PHRASE_FOLLOWUP] =
        {"Gracias, pero después de eso sigo con el mismo problema. ¿Qué más puedo probar?",
         "Eso solo responde a la mitad de mi pregunta. ¿Cuánto tiempo falta?",
         "Seguí los pasos, pero el segundo no aparece así en mi caso. ¿Pueden revisarlo?"},
    [PHRASE_HUMAN] = {"Esto no me ayuda. Una persona, por favor.",
                      "Quiero hablar con un agente, no con una máquina.",
                      "Por favor pasen mi caso a un compañero suyo."},
    [PHRASE_REOPEN] = {"Vuelvo a escribir: el problema ha vuelto esta mañana.",
                       "Al final no estaba resuelto, hoy ha pasado otra vez.",
                       "Hola de nuevo, lo mismo que antes. No ha cambiado nada."},
    [PHRASE_AGENT_ANSWER] =
        {"Hola, he revisado su caso personalmente y ya está arreglado.",
         "Hola, ya está hecho. Recibirá una confirmación por correo.",
         "Buenos días, disculpe las molestias. Lo he corregido por nuestra parte."},
    [PHRASE_AGENT_ADDS] = {"También he dejado una nota en su cuenta.",
                           "Si no funciona, responda aquí mismo.",
                           "Lo he consultado con el equipo responsable."},
    [PHRASE_AGENT_SOLVES] = {"Me alegro. Cierro el caso.", "¡De nada!", "Con mucho gusto."},
    [PHRASE_RATING_GOOD] = {"Rápido y amable.", "Resuelto a la primera.",
                            "Justo lo que necesitaba."},
    [PHRASE_RATING_BAD] = {"La respuesta no tenía nada que ver con mi pregunta.",
                           "Tardó demasiado.", "Sigue sin resolverse."},
};

const char *phrase_pick(enum phrase p, const char *language, uint64_t draw) {
  size_t i = draw % VARIANTS;
  if (strcmp(language, "de") == 0) {
    return german[p][i];
  }
  if (strcmp(language, "fr") == 0) {
    return french[p][i];
  }
  if (strcmp(language, "es") == 0) {
    return spanish[p][i];
  }
  return english[p][i];
}
