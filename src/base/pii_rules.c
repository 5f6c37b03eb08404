/*
 * The rules of the profiles. Words that lead to a value are matched in any case; what makes a name
 * a name is its capital, so patterns are case-sensitive but for (?i:...).
 */
#include "base/pii_profile.h"

#define GDPR  PII_PROFILE_GDPR
#define HIPAA PII_PROFILE_HIPAA
#define BOTH  (GDPR | HIPAA)

/* No name has a hundred letters; without a bound a text without blanks takes time squared. */
#define WORD "\\p{Lu}[\\p{L}'\u2019-]{0,99}"
#define PART "(?:\\p{Lu}\\.(?=[ ])|" WORD ")" /* "J." or "Jane" */
#define NAME                                                                                       \
  PART "(?:[ ]+(?:(?:van|von|de|der|den|del|di|da|la|le|bin|al|el|dos|du)[ ]+){0,2}" PART          \
       "(?![\\p{L}0-9@])){0,3}"
#define TWO_NAMES WORD "(?:[ ]+" WORD "){1,3}"

#define MONTH                                                                                      \
  "(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar|rero|braio)?|f[\u00e9e]v(?:rier)?|mar(?:ch|s|zo)?|"   \
  "m[\u00e4a]rz|apr(?:il|ile)?|avr(?:il)?|abr(?:il)?|may|mai|mayo|maggio|jun[ei]?|juin|junio|"     \
  "giugno|jul[yi]?|juil(?:let)?|julio|luglio|aug(?:ust)?|ao[\u00fbu]t|agosto?|"                    \
  "sep(?:t(?:ember|embre|iembre)?)?|settembre|o[ck]t(?:ober|obre|ubre)?|ottobre|"                  \
  "nov(?:ember|embre|iembre)?|de[cz](?:ember|embro)?|d[\u00e9e]c(?:embre)?|dic(?:iembre|embre)?)"
#define DAY         "(?:0?[1-9]|[12][0-9]|3[01])"
#define YEAR        "(?:19|20)[0-9][0-9]"
#define DATE_ISO    YEAR "[-/.](?:0?[1-9]|1[0-2])[-/.]" DAY
#define DATE_DIGITS DAY "[-/.]" DAY "[-/.](?:" YEAR "|[0-9][0-9])"
#define DATE_DAY_MONTH                                                                             \
  DAY "(?:st|nd|rd|th|er|\\.)?[ ]+(?:of[ ]+|de[ ]+)?" MONTH "\\b\\.?(?:,?[ ]+(?:de[ ]+)?"          \
      "(?:" YEAR "|'?[0-9][0-9]\\b))?"
#define DATE_MONTH_DAY MONTH "\\.?[ ]+" DAY "(?:st|nd|rd|th)?\\b(?:,?[ ]+" YEAR ")?"

/* A value that has a digit, behind its label. */
#define VALUE                                                                                      \
  "((?=[\\p{L}./-]*[0-9])[\\p{L}0-9](?:[\\p{L}0-9]|[./-](?=[\\p{L}0-9])|[ "                        \
  "](?=[0-9])){2,28})(?![\\p{L}"                                                                   \
  "0-9])"
#define NUMBER_WORD                                                                                \
  "(?:[ "                                                                                          \
  "]*(?:numbers?|no\\.?|nr\\.?|num\\.?|n[\u00ba\u00b0]|id|ids|code|nummer|num[\u00e9e]ro|n["       \
  "\u00fau]mero|#|:|=))"
#define IS              "[ ]*(?:is|are|ist|est|es|was|lautet|[:=])?[ ]*#?[ ]*"
#define LABELLED(words) "(?i)(?<![\\p{L}])(?:" words ")" NUMBER_WORD "*" IS VALUE
/* Words that are said of other things too: only with "number", "ID" or a sign behind. */
#define NUMBERED(words) "(?i)(?<![\\p{L}])(?:" words ")" NUMBER_WORD "+" IS VALUE

#define STATES                                                                                     \
  "(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|"  \
  "T[NX]|UT|V[AT]|W[AIVY])"
#define STREET_EN                                                                                  \
  "(?:St|Street|Ave|Avenue|Rd|Road|Blvd|Boulevard|Ln|Lane|Dr|Drive|Ct|Court|Way|Pl|Place|Sq|"      \
  "Square|Ter|Terrace|Pkwy|Parkway|Hwy|Highway|Close|Crescent|Row|Trail|Circle|Cir)"

#define CITY_WORDS WORD "(?:[ -](?:(?:am|an der|sur|la|de|del)[ ])?" WORD "){0,2}"
#define UK_CODE    "(?:[A-PR-UWYZ][A-HK-Y]?[0-9][A-Z0-9]?) ?[0-9][ABD-HJLNP-UW-Z]{2}"
/* What may follow a street: flat, then a place with its postal code or state. */
#define TAIL                                                                                       \
  "(?:,?[ ]+(?i:apt|apartment|unit|suite|ste|fl|floor)\\.?[ ]*#?[ ]*[A-Za-z0-9-]{1,6}\\b)?"        \
  "(?:,?\\s{1,3}(?:[0-9]{4,6}(?:[ ][A-Z]{2})?[ ]" CITY_WORDS "|" CITY_WORDS ",?[ ](?:" STATES      \
  "\\b(?:[ ][0-9]{5}(?:-[0-9]{4})?)?|" UK_CODE "|[0-9]{4,6})\\b))?"

const struct pii_rule pii_rules[] = {
    /* (A) names */
    {"PERSON", BOTH,
     "(?i:(?<![\\p{L}])(?:mr|mrs|ms|miss|dr|prof|herr|frau|mme|mlle|monsieur|madame|sr|sra|"
     "se\u00f1or|se\u00f1ora|signora?|dhr|mevr|pan|pani|patient(?:in)?|name|surname|vorname|"
     "nachname|apellidos?)\\.?[ ]*:?[ "
     "]+)(?!(?i:is|was|id|no|number|"
     "and|or)\\b)(" NAME ")",
     NULL, false},
    {"PERSON", BOTH,
     "(?i:(?<![\\p{L}])(?:(?:my|the|his|her|patient'?s?) name(?:'s| is)|i am called|call me|ich "
     "hei\u00dfe|mein name ist|je m'appelle|mon nom est|me llamo|mi nombre es|mi chiamo|meu nome "
     "\u00e9|ik heet|mijn naam is|nazywam si\u0119|jag heter|jeg hedder)[ ]+)(" NAME ")",
     NULL, false},
    {"PERSON", BOTH,
     "(?i:(?<![\\p{L}])(?:i am|i'm|this is|here is|ich bin|je suis|soy|sono|on behalf of|spoke "
     "(?:to|"
     "with)|im auftrag von)[ ]+)(" TWO_NAMES ")",
     NULL, false},
    {"PERSON", BOTH,
     "(?i:(?<![\\p{L}])(?:regards|thanks|thank you|cheers|sincerely(?: yours)?|yours(?: "
     "(?:sincerely|"
     "truly|faithfully))?|best|mfg|vg|lg|gr\u00fc(?:\u00df|ss)en?|cordialement|bien \u00e0 vous|"
     "merci(?: d'avance)?|saludos|atentamente|gracias|saluti|grazie|obrigad[oa]|atenciosamente|"
     "groet(?:en)?)[ ]*)(?:[,.!]+[ ]*|[,.!]*[ ]*\\r?\\n\\s*)(?:[-\u2013\u2014]+[ ]*)?(" NAME
     ")(?=[ \\t.]*(?:[\\r\\n,|]|$))",
     NULL, false},
    {"PERSON", BOTH,
     "(?im:^[ \\t>]*(?:dear|hi|hello|hey|hallo|guten tag|liebe[r]?|bonjour|ch[e\u00e8]re?|hola|"
     "estimad[oa]|ciao|gentile|beste|ol\u00e1)[ "
     "]+)(?!(?i:team|support|all|there|sir|madam|customer)"
     "\\b)(" NAME ")(?=[ ]*[,!:\\n])",
     NULL, false},
    {"PERSON", BOTH,
     "(?im:^[ \\t>]*(?:from|to|cc|von|an|de|\u00e0|para|da)[ ]*:[ ]*)\"?(" NAME
     ")\"?(?=[ ]*[<\\[(])",
     NULL, false},
    /* Two or three capitalised words alone at the very end: who signs. */
    {"PERSON", BOTH, "[.!?)0-9\\n][ \\t]*\\s(" WORD "(?:[ ]" WORD "){1,2})\\s*\\z", NULL, true},

    /* (B) places smaller than a state */
    {"STREET_ADDRESS", BOTH,
     "(?<![\\p{L}0-9#-])[0-9]{1,6}[A-Za-z]?[ ]+(?:(?:[NSEW]\\.?|North|South|East|West)[ ]+)?"
     "(?:(?:" WORD "|[0-9]+(?:st|nd|rd|th))\\.?[ ]+){1,4}?" STREET_EN "\\b\\.?" TAIL,
     NULL, false},
    {"STREET_ADDRESS", BOTH,
     "(?<![\\p{L}])(?=[\\p{L}.-]{1,110}+(?:[ ][\\p{L}.-]{1,110}+)?[ ]+[0-9])"
     "\\p{Lu}[\\p{L}-]{0,99}(?:[ "
     "]\\p{Lu}[\\p{L}-]{0,99})?(?i:stra\u00dfe|strasse|str\\.|weg|platz|"
     "allee|gasse|damm|ufer|laan|straat|gracht|kade|plein|gatan|v\u00e4gen|vej|katu|tie|kuja)[ ]+"
     "[0-9]{1,4}[ ]?[a-zA-Z]?\\b" TAIL,
     NULL, false},
    {"STREET_ADDRESS", BOTH,
     "(?<![\\p{L}0-9])[0-9]{1,4}(?:[ ]?(?i:bis|ter))?,?[ "
     "]+(?i:rue|avenue|boulevard|bd|place|chemin|"
     "impasse|all\u00e9e|quai|route|cours)[ ]+(?:(?:de|du|des|la|le|les|l'|d')[ ]?){0,2}" WORD
     "(?:[ ](?:(?:de|du|des|la|le)[ ]){0,2}" WORD "){0,3}" TAIL,
     NULL, false},
    {"STREET_ADDRESS", BOTH,
     "(?<![\\p{L}])(?i:calle|c/"
     "|avenida|avda\\.?|av\\.|plaza|paseo|via|viale|piazza|corso|rua|travessa|"
     "ul\\.|ulica)[ ]+(?:(?:de|del|della|di|da|do|dos|la|las|los|el)[ ]){0,2}" WORD
     "(?:[ ](?:(?:de|del|della|di|la)[ ]){0,2}" WORD "){0,3},?[ ]+(?:n[\u00ba\u00b0][ ]?)?"
     "[0-9]{1,4}\\b" TAIL,
     NULL, false},
    {"STREET_ADDRESS", BOTH,
     "(?i)(?<![\\p{L}])p\\.?[ ]?o\\.?[ ]?box[ ]+[0-9]{1,7}|\\bpostfach[ ]+[0-9][0-9 ]{1,9}", NULL,
     false},
    /* "My address is ...": what follows on the line, if it has a number and a capital letter. */
    {"STREET_ADDRESS", BOTH,
     "(?i:(?<![\\p{L}])(?:(?:my|new|home|billing|shipping|delivery|postal|mailing)[ ]address(?:[ "
     "]is)?|"
     "lives at|live at|residing at|deliver(?:ed)? (?:it )?to|ship (?:it )?to|meine adresse(?: "
     "ist)?|"
     "mon adresse(?: est)?|mi direcci\u00f3n(?: es)?)[ ]*:?[ "
     "]+)(?=[^\\n]{0,60}[0-9])(?=[^\\n]{0,60}"
     "\\p{Lu})([^\\n.;]{4,80}[^\\n.;\\s])(?=[ ]*(?:[.;\\n]|$))",
     NULL, false},
    {"CITY", HIPAA, "(?<![\\p{L}])(" WORD "(?:[ ]" WORD "){0,2}),[ ]?" STATES "(?![\\p{L}])", NULL,
     false},
    {"CITY", BOTH,
     "(?i:(?<![\\p{L}])(?:i live in|living in|resident of|wohnhaft in|ich wohne in|j'habite "
     "\u00e0|vivo en|abito a|moro em)[ ]+)(" WORD "(?:[ ]" WORD "){0,2})",
     NULL, false},
    {"ZIP_CODE", BOTH, "\\b" STATES "[ ]+([0-9]{5}(?:-[0-9]{4})?)\\b", NULL, false},
    {"ZIP_CODE", BOTH,
     "(?i:\\b(?:zip|zip code|postal code|post ?code|plz|code postal|c\\.?p\\.|c\u00f3digo "
     "postal|cap)"
     "[ ]*(?:is|:)?[ ]*)((?=[A-Z0-9 ]*[0-9])[A-Z0-9]{2,5}[ -]?[A-Z0-9]{0,4})\\b",
     NULL, false},
    {"ZIP_CODE", BOTH, "\\b(?:GIR ?0AA|" UK_CODE ")\\b", NULL, false},
    {"ZIP_CODE", BOTH, "\\b[ABCEGHJ-NPRSTVXY][0-9][A-Z] ?[0-9][A-Z][0-9]\\b", NULL, false},
    {"CITY", BOTH,
     "(?<=[0-9\\p{L}],[ ]|[0-9\\p{L}],\\n|[0-9]\\n)(?:[A-Z]{1,2}-)?[0-9]{4,5}[ ]+(?:[A-Z]{2}[ "
     "])?" CITY_WORDS,
     NULL, false},

    /* (C) dates but for the year, ages over 89 */
    {"DATE_TIME", HIPAA, "\\b" DATE_ISO "(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?(?![0-9])", NULL,
     false},
    {"DATE_TIME", HIPAA, "(?<![0-9./-])" DATE_DIGITS "(?![0-9]|[./-][0-9])", NULL, false},
    {"DATE_TIME", HIPAA, "(?i)(?<![0-9.])" DATE_DAY_MONTH, NULL, false},
    {"DATE_TIME", HIPAA, "(?i)(?<![\\p{L}])" DATE_MONTH_DAY, NULL, false},
    {"DATE_TIME", HIPAA, "(?i)(?<![\\p{L}])(" MONTH ")\\.?,?[ ]+(?:de[ ]+)?" YEAR "\\b", NULL,
     false},
    {"DATE_OF_BIRTH", GDPR,
     "(?i)(?<![\\p{L}])(?:born(?: on)?|d\\.?o\\.?b\\.?|date of birth|birth ?da(?:te|y)|geboren(?: "
     "am)?|geburtsdatum|geb\\.|n\u00e9e? le|date de naissance|nacid[oa] el|fecha de nacimiento|"
     "nat[oa] il|data di nascita|data de nascimento|geboortedatum)[ ]*(?:is|ist|:|=)?[ "
     "]*((?:" DATE_ISO "|" DATE_DIGITS "|" DATE_DAY_MONTH "|" DATE_MONTH_DAY "))",
     NULL, false},
    {"AGE", HIPAA,
     "(?i)(?<![0-9])(9[0-9]|1[0-2][0-9])[- ]?(?:years?[- "
     "]old|yrs?\\b|y/?o\\b|jahre|ans\\b|a\u00f1os|anni\\b|"
     "jaar|anos\\b)",
     NULL, false},
    {"AGE", HIPAA, "(?i)\\b(?:aged?|alter|edad|\u00e2ge)[: ]+(9[0-9]|1[0-2][0-9])\\b", NULL, false},

    /* (G) national identity numbers beside the US social security number */
    {"NATIONAL_ID", BOTH, "(?<![\\p{L}0-9])(?:[0-9]{8}|[XYZ]-?[0-9]{7})-?[A-Z](?![\\p{L}0-9])",
     pii_is_dni, false},
    {"NATIONAL_ID", BOTH,
     "(?<![0-9])[12][ ]?[0-9]{2}[ ]?[0-9]{2}[ ]?(?:[0-9]{2}|2[AB])[ ]?[0-9]{3}[ ]?[0-9]{3}[ "
     "]?[0-9]{2}(?![0-9])",
     pii_is_nir, false},
    {"NATIONAL_ID", BOTH, "\\b[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]\\b", NULL,
     false},
    {"NATIONAL_ID", BOTH,
     "\\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ ]?[0-9]{2}[ ]?[0-9]{2}[ ]?[0-9]{2}[ ]?[A-D]\\b", NULL,
     false},
    {"NATIONAL_ID", BOTH, "(?<![0-9])[0-9]{3}\\.[0-9]{3}\\.[0-9]{3}-[0-9]{2}(?![0-9])", pii_is_cpf,
     false},
    {"NATIONAL_ID", BOTH, "(?<![0-9])756\\.[0-9]{4}\\.[0-9]{4}\\.[0-9]{2}(?![0-9])", NULL, false},
    {"NATIONAL_ID", BOTH, "(?i:\\bpesel\\b[^0-9\\n]{0,12})([0-9]{11})(?![0-9])", pii_is_pesel,
     false},
    {"NATIONAL_ID", BOTH,
     "(?i:\\b(?:bsn|burgerservicenummer|sofinummer)\\b[^0-9\\n]{0,12})([0-9]{4}\\.?[0-9]{2}\\.?[0-"
     "9]{3})("
     "?![0-9])",
     pii_is_bsn, false},
    {"NATIONAL_ID", BOTH,
     "(?i:\\bnhs\\b[^0-9\\n]{0,14})([0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4})(?![0-9])", pii_is_nhs,
     false},
    {"NATIONAL_ID", BOTH,
     "(?i:\\b(?:sin|social insurance)\\b[^0-9\\n]{0,14})([0-9]{3}[ -]?[0-9]{3}[ "
     "-]?[0-9]{3})(?![0-9])",
     pii_is_sin, false},
    {"NATIONAL_ID", BOTH, "(?<![0-9])[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}(?![ -]?[0-9])",
     pii_is_aadhaar, false},
    {"NATIONAL_ID", BOTH,
     LABELLED(
         "steuer-?id|steueridentifikationsnummer|sozialversicherungsnummer|svnr|ahv|"
         "personnummer|cpr|hetu|nif|codice fiscale|num\u00e9ro de s\u00e9curit\u00e9 "
         "sociale|seguridad "
         "social|national (?:id|insurance)|tax id|tin|itin|aadhaar|cpf|personalausweis(?:nummer)?|"
         "identity card|id card"),
     NULL, false},

    /* (H) to (M), (P), (R): numbers by what they are called */
    {"MEDICAL_RECORD", HIPAA,
     LABELLED("mrn|medical record|health record|patient record|chart|patientenakte|patientennummer|"
              "dossier m\u00e9dical|historia cl\u00ednica|cartella clinica"),
     NULL, false},
    {"HEALTH_PLAN", HIPAA,
     LABELLED(
         "member id|member|beneficiary|subscriber|health plan|insurance(?: policy| card)?|medicare|"
         "medicaid|mbi|hicn|policy|payer id|krankenversicherung|versichertennummer|"
         "versicherungsnummer|mutuelle|carte vitale|p\u00f3liza|tessera sanitaria"),
     NULL, false},
    {"ACCOUNT", BOTH,
     NUMBERED("account|acct|a/c|bank account|routing|aba|sort "
              "code|konto|kontonummer|compte|cuenta|conto|"
              "rekening"),
     NULL, false},
    {"ACCOUNT", BOTH, LABELLED("kontonummer|iban|sort code"), NULL, false},
    {"LICENSE", BOTH,
     LABELLED(
         "driver'?s?'? licen[cs]e|driving licen[cs]e|passport|dea|npi|certificate|"
         "f\u00fchrerschein(?:nummer)?|reisepass(?:nummer)?|permis de conduire|passeport|pasaporte|"
         "passaporto|patente di guida|medical licen[cs]e|licen[cs]e no"),
     NULL, false},
    {"LICENSE", HIPAA, NUMBERED("licen[cs]e|certification|diploma"), NULL, false},
    {"VEHICLE", BOTH, "(?<![\\p{L}0-9])[A-HJ-NPR-Z0-9]{17}(?![\\p{L}0-9])", pii_is_vin, false},
    {"VEHICLE", BOTH,
     "(?i:(?<![\\p{L}])(?:licen[cs]e plate|number plate|plate|vehicle registration|kennzeichen|"
     "plaque d'immatriculation|immatriculation|matr\u00edcula|targa|kenteken|vin)" NUMBER_WORD
     "*" IS ")([A-Z\u00c4\u00d6\u00dc]{1,4}[- ]?[A-Z]{0,3}[- ]?[0-9]{1,4}(?:[- "
     "]?[A-Z]{1,3})?|[0-9]{1,4}[- ]?[A-Z]{1,4}(?:[- "
     "]?[0-9]{1,4})?|[A-HJ-NPR-Z0-9]{17})(?![\\p{L}0-9])",
     NULL, false},
    {"DEVICE", BOTH,
     "(?i)(?<![0-9a-f:-])(?:(?:[0-9a-f]{2}:){5}|(?:[0-9a-f]{2}-){5})[0-9a-f]{2}(?![0-9a-f:-])",
     NULL, false},
    {"DEVICE", BOTH,
     "(?i:\\bimei\\b[^0-9\\n]{0,12})([0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{6}[ -]?[0-9])(?![0-9])",
     pii_is_imei, false},
    {"DEVICE", HIPAA,
     LABELLED("serial|s/n|device|imsi|udid|udi|pacemaker|implant|glucose meter|insulin "
              "pump|seriennummer|"
              "num\u00e9ro de s\u00e9rie|n\u00famero de serie"),
     NULL, false},
    {"DEVICE", HIPAA, "\\(01\\)[0-9]{14}(?:\\([0-9][0-9]\\)[A-Za-z0-9]{1,20})*", NULL, false},
    {"BIOMETRIC", HIPAA,
     "(?i)(?<![\\p{L}])(?:finger ?print|voice ?print|iris|retinal?|palm ?print|face "
     "?(?:id|print)|biometric|"
     "dna|fingerabdruck|empreinte digitale|huella)(?:[ "
     "]+(?:scan|template|hash|profile|sample|data|record))"
     "{0,2}" NUMBER_WORD "*" IS VALUE,
     NULL, false},
    {"OTHER_ID", HIPAA,
     NUMBERED(
         "patient|case|claim|encounter|visit|specimen|sample|prescription|rx|study|subject|trial|"
         "accession|referral|(?:prior )?authori[sz]ation|appointment|fall|aktenzeichen|dossier|"
         "expediente"),
     NULL, false},

    /* (N) web addresses, (Q) pictures: their names; attachments themselves are never fetched */
    {"URL", HIPAA, "(?i)(?<![\\p{L}0-9])(?:https?://|www\\.)[^\\s<>\"')\\]]*[^\\s<>\"')\\].,;:!?]",
     NULL, false},
    {"IMAGE", HIPAA,
     "(?i)(?<![\\w.-])[\\w.-]{1,80}\\.(?:jpe?g|png|gif|heic|bmp|tiff?|webp|dcm)(?![\\w])", NULL,
     false},
};
const size_t pii_rule_count = sizeof pii_rules / sizeof pii_rules[0];
