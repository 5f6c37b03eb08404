#include "language.h"

const char *const local_language_codes[LOCAL_LANGUAGES] = {"en", "de", "fr", "es", "it", "nl", "pt",
                                                           "pl", "sv", "da", "fi", "cs", "tr", "ru",
                                                           "uk", "ar", "ja", "zh", "ko"};

const char *const local_language_words[LOCAL_COUNTED] = {
    "the and of to is that it for you with on this was are be have not at by from they we your my "
    "can will has what when where how please there been would which their but or an if our i me "
    "do does did hi hello dear thanks thank need want just still get got any help order",
    "der die das und ist nicht ich sie wir mit von zu den dem des ein eine einen auf für im auch "
    "es an werden aus bei nach wie über einer haben hat wird sind noch nur oder aber mein meine "
    "mir mich bitte hallo danke kann wenn was wo warum sehr vom zum zur habe keine",
    "le la les des et est une un du en que qui dans pour pas sur au par avec ce il elle je vous "
    "nous ne se sont plus mais ou son sa mon ma votre bonjour merci cette être aux été fait ont "
    "ces leur comme tout où quand depuis mes vos",
    "el la los las de que y en un una es por con para no se del al lo su como más pero está mi me "
    "son fue ha muy también hola gracias cuando donde yo usted sobre este esta todo hay sin ser "
    "mis nos porque tengo puedo quiero",
    "il lo la gli le di che e è un una in per con non si del della dei al alla da sono come anche "
    "più ma ho mi nel nella questo questa ha delle dal dalla ci suo grazie buongiorno salve "
    "essere quando perché molto mio mia ai sul sulla",
    "de het een en van is dat in op te niet zijn met voor ik er aan ook maar om naar bij wordt "
    "hebben heeft uit dan nog wel kan mijn je u wij we door over geen deze dit hoe waar hallo "
    "bedankt graag worden werd als of jullie",
    "o a os as de que e em um uma é não para com por do da dos das no na se mais como mas foi ao "
    "ele ela eu meu minha você são pelo pela também está olá obrigado obrigada isso este esta "
    "quando muito já nos tem ser sua seu",
    "i w na z do że się nie to jest o po od za jak dla ale przez przy czy tego już tylko ma są "
    "był była oraz mi mnie moje mój bardzo proszę dzień dobry dziękuję który która które być tym "
    "co ten nie może",
    "och att det i en som på är av för med den till inte har om ett jag de vi han var så kan från "
    "men ska hej tack min mitt mina när vad eller där vid efter nu också bara under skulle blir "
    "sig detta",
    "og at det i en er til på af for med den ikke som har de jeg vi han var et kan fra men hej tak "
    "min mit mine når hvad eller der ved efter nu også skal blev om sig jeres blive havde denne "
    "meget kun",
    "ja on ei se että oli hän en mutta kun ovat joka myös minun mitä tämä sen niin kuin olen jos "
    "voi vain ole hei kiitos nyt sitä mukaan sekä jo tai hänen olisi ollut kanssa minä te me "
    "miten missä",
    "a se v na je že s z o do i to ale za pro si jsem by jako tak po už od ve při jeho který která "
    "které jsou není byl bylo dobrý den děkuji prosím mi můj moje co když jen nebo má být také "
    "jak však",
    "ve bir bu da de için çok ile ne var mi mı ben o ama daha gibi kadar sonra olarak değil olan "
    "merhaba teşekkürler lütfen nasıl her benim oldu yok ya en ki şey neden bana sizin olduğu "
    "diye",
    "и в не на что я с он как это по но из у за от для то все так мы вы же был была быть если или "
    "мне мой моя здравствуйте спасибо пожалуйста при его до уже о к а только может когда нет есть "
    "после также",
    "і в не на що я з він як це по але із у за від для то всі так ми ви був була бути якщо або "
    "мені мій моя доброго дня дякую будь ласка при його до вже про та й є тільки може коли немає "
    "після також який яка"};

/* Letters that only a few of the languages have, in the same order. */
const char *const local_language_letters[LOCAL_COUNTED] = {
    "",    "ßäöü", "éèêàçœùâîôûëï",   "ñáéíóú", "àèìòùé", "",    "ãõçáéíóúâêô", "ąćęłńóśźż", "åäö",
    "æøå", "äö",   "áčďéěíňóřšťúůýž", "çğıöşü", "ыэъё",   "іїєґ"};
