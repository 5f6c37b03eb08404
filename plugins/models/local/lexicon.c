#include "lexicon.h"

/* clang-format off */
const struct local_lexicon local_lexicons[] = {
{"en", {
[LOCAL_SAFETY] =
  "smok* ~ from|smoke|smoking|burning smell|smell* ~ burn*|smell* ~ gas|gas smell|smell of gas|gas leak|"
  "caught fire|on fire|fire hazard|catch fire|flames|sparks|sparking|spark* ~ from|melt*|scorch*|singed|charred|"
  "explod*|explosion|swollen|swelling|bulging|leaking battery|battery ~ leak*|battery ~ hot|overheat*|"
  "too hot to touch|electric* shock|got a shock|got shocked|zapped|electrocut*|carbon monoxide|"
  "injur*|burned my|burnt my|burns on|bleeding|ambulance|hospital|hurt ~ child|danger to life|dangerous|unsafe|"
  "kill myself|suicid*|fumes|hissing"
  "|hot to touch|hot to the touch|very hot|extremely hot|burning hot|getting hot|gets hot|became hot"
  "|boiling hot|scalding|glowing red|puffed up|puffy|bloated|bulge*|bulged|tingl*|electric tingle|crackl*|sizzl*"
  "|popping sound|burnt|burned out|burned plastic|plastic smell|smells of plastic|chemical smell|weird smell"
  "|strange smell|acrid|soot|scorch mark*|black marks|brown marks|blister*|fire brigade|fire department"
  "|firefighter*|smoke alarm|smoke detector|co alarm|co detector|short circuit|live wire|exposed wire*|hurt my*"
  "|hurt himself|hurt herself|cut my|poison*|dizzy|passed out"
  "|smok*|smould*|smolder*|so hot|hot battery|batter* ~ swell*|swell*|swelled|expanded battery"
  "|battery ~ expand*|batter* ~ bulg*|a fire|small fire|fire broke|fire started|fire in the|burst|blew the fuse"
  "|breaker trip*|shock from|shock when|small shock|mild shock|sparked|spark",
[LOCAL_TAKEOVER] =
  "hacked|hacker*|been compromised|was compromised|account takeover|taken over|took over my|"
  "somebody else ~ account|someone else ~ account|someone ~ logged in|somebody ~ logged in|"
  "someone ~ changed ~ email|someone ~ changed ~ password|somebody changed|someone changed|stolen account|"
  "account ~ stolen|unauthori* access|unauthori* login|unauthori* order*|"
  "unauthori* transaction*|unauthori* payment*|unauthori* charge*|unauthori* purchase*|"
  "transaction* ~ don t recogni*|transaction* ~ do not recogni*|transactions ~ never made|"
  "transactions ~ did not make|transactions ~ didn t make|login* ~ not me|login* ~ do not recognise|"
  "sign in* ~ not me|did not place ~ order|didn t place ~ order|never placed ~ order|orders i ~ never|"
  "wasn t me|was not me|not done by me|did not do this|didn t do this|ordered ~ with my card|"
  "orders ~ did not place|orders ~ didn t place|order ~ did not place|unknown order*|orders ~ not mine|"
  "purchases ~ did not make|purchases ~ not mine|identity theft|strange* in my account|intruder|phished"
  "|not me who|email ~ changed without|password ~ changed without|address ~ changed without|changed without my"
  "|without my knowledge|without my consent|did not change ~ password|didn t change ~ password"
  "|did not change ~ email|did not request ~ password|logged in from|login from|signed in from|sign in from"
  "|logins from|suspicious login|suspicious activity|suspicious sign|unknown login|unknown device*"
  "|device* ~ don t recogni*|device* ~ do not recogni*|login ~ don t recogni*|someone ~ has access"
  "|somebody ~ has access|someone ~ using my account|somebody ~ using my account|someone is in my"
  "|someone got into|somebody got into|someone broke into|got into my account|broke into my account"
  "|someone ~ controlling|someone ~ turning|somebody ~ controlling|used my account|using my account"
  "|someone ~ used my card|somebody ~ used my card|else ~ used my card|who used my card|they used my card"
  "|he used my card|she used my card|has used my card|my card ~ used by|fraudulent|not ordered by me"
  "|i never ordered|never ordered any|ex ~ still ~ access"
  "|two factor ~ turned off|0fa ~ turned off|hijack*"
  "|didn t ask for ~ password|did not ask for ~ password|reset ~ i did not|reset ~ i didn t"
  "|code* i did not request|code* i didn t request|stranger|strangers|is not my address|not my email"
  "|someone else s|somebody else s|person i don t know",
[LOCAL_PRIVACY] =
  "gdpr|ccpa|data protection|right to be forgotten|article 00|art 00|subject access|delete ~ my data|"
  "delete ~ personal data|erase ~ data|erase everything|erasure|remove ~ my data|delete everything you|"
  "copy of ~ data|data you ~ store*|data you ~ hold|data you ~ have|information you hold|stored about me|"
  "hold about me|have about me|know about me|data export|personal data|privacy officer|data breach|wipe ~ my data"
  "|what data|which data|data ~ about me|forget me|privacy law|data access request|access request ~ data"
  "|delete ~ account and ~ data"
  "|delete ~ account ~ everything|remove ~ personal|data ~ deleted|data ~ removed|data ~ erased|opt out ~ data",
[LOCAL_LEGAL] =
  "lawyer*|attorney*|solicitor*|legal action|legal steps|take ~ to court|in court|small claims|sue|suing|lawsuit|"
  "litigation|ombudsman|consumer agency|consumer protection|trading standards|consumer rights office|"
  "cease and desist|legal department|legal counsel|letter before action|statutory|chargeback|regulator|authorities"
  "|take you to court|my rights|breach of contract|claim against you|sued|prosecut*",
[LOCAL_MANAGER] =
  "speak ~ manager|talk ~ manager|speak ~ supervisor|talk ~ supervisor|your manager|a manager|the manager|"
  "supervisor|your boss|someone senior|somebody senior|someone in charge|person in charge|higher up|escalate|"
  "escalated|head of ~ support|who is responsible|team lead|someone ~ authority|your superior*"
  "|someone above you|person above you|manage* level|complaints department|complaint department",
[LOCAL_CHURN] =
  "take our business elsewhere|taking our business|terminate ~ contract|end ~ contract with you|"
  "our contract ~ not be renewed|not renew* ~ contract|move ~ to ~ competitor|switch* ~ competitor"
  "|go ~ with ~ competitor|going with ~ competitor|moving to ~ competitor|moving to another ~ vendor"
  "|moving to another ~ supplier|moving to another ~ provider|switching to ~ competitor",
[LOCAL_REPEATED] =
  "several times already|many times already|multiple tickets|several emails|several messages|second time ~ writ*|"
  "second time ~ contact*|second time ~ ask*|third time|fourth time|fifth time|sixth time|0th time|0rd time|0nd time|two times ~ written|"
  "written ~ times|wrote ~ times|contacted ~ times|called ~ times|phoned ~ times|emailed ~ times|asked ~ times|"
  "mailed ~ times|reported ~ times|messaged ~ times|complained ~ times|explained ~ times|times ~ wrote|"
  "contacted ~ twice|written ~ twice|emailed ~ twice|called ~ twice|phoned ~ twice|wrote ~ twice|asked ~ twice|0 emails|three emails|four emails|two emails|third email|"
  "second email|third message|third ticket|another ticket|no one ~ answer*|nobody ~ answer*|nobody ~ repl*|"
  "no one ~ repl*|never got ~ reply|never got ~ answer|no reply to|still no reply|still no answer|"
  "still no response|still waiting for ~ reply|keep* telling me|same answer|same text|already told|"
  "already wrote|already written|already contacted|already asked|already sent ~ times|how many times do i|"
  "how many times must|how many times have i|how many more times|ignored|ignoring|no response ~ my|since my last email|since my last message|follow* up again|chasing"
  "|fifth message|fourth message|fourth email|fifth email|this is the third|this is the fourth"
  "|this is the fifth|th time i|0th email|0rd email|0th message|0rd message|0 mails|nobody has answered"
  "|nobody has replied|no one has answered|no one has replied|never heard back|haven t heard back"
  "|have not heard back|heard nothing|not heard anything|no reaction|how often do i|each time i am told"
  "|every time i am told|went silent|radio silence|weeks without an answer|weeks without a reply"
  "|promised ~ call back|promised ~ callback",
[LOCAL_MEDIA] =
  "journalist*|newspaper*|the press|go public|going public|social media|twitter|facebook|instagram|tiktok|"
  "youtube|reddit|tv station|television|reporter*|one star review|bad review*|trustpilot|post this online|"
  "post ~ everywhere|tell everyone|viral|followers"
  "|tweet*|consumer watchdog|watchdog programme|tell the world|make this public|news outlet*"
  "|article about you|warn others|review everywhere",
[LOCAL_BUSINESS] =
  "our company|our hotel*|our office*|our apartments|our tenants|our customers|our clients|our sites|"
  "our locations|our buildings|our units|our fleet|our properties|our stores|our flats|our guests|our school*|"
  "00 of your|000 of your|00 devices|000 devices|00 units|000 units|00 licen*|000 licen*|00 seats|000 seats|"
  "00 thermostats|000 thermostats|00 rooms|000 rooms|00 flats|we manage|we operate|we run|business customer|"
  "framework agreement|procurement|account manager|enterprise|facility|facilities|property management|contract",
[LOCAL_LEAVING] =
  "cancel everything|cancel all|cancel our|cancel the contract|we are leaving|we re leaving|leave you|competitor*|"
  "switch* to ~ vendor|switch* to ~ provider|switch* provider|switch* supplier|another supplier|another vendor|"
  "another provider|other vendor*|other supplier*|replace you*|move away|moving away|rip ~ out|"
  "looking ~ alternatives|end our|not renew*|terminate|last chance|pull out|tender",
[LOCAL_HUMAN] =
  "speak ~ human|talk ~ human|real person|a human|real human|speak ~ someone|talk ~ someone|speak ~ agent|"
  "talk ~ person|speak ~ person|human being|no bot|not a bot|stop the bot|call me|phone me|ring me|"
  "speak ~ representative|speak ~ manager|talk ~ manager|speak ~ supervisor|live agent",
[LOCAL_URGENT] =
  "urgent*|asap|immediately|right away|right now|emergency|as soon as possible|critical|outage|down for|"
  "production down|nothing works|completely unusable|can t work|cannot work|freezing|no heat*|no hot water|"
  "is cold|it s cold|baby|newborn|elderly|surgery|charged twice|double charge*|charged me twice|"
  "charged double|deadline|blocked|stranded|data loss|lost all",
[LOCAL_NEGATIVE] =
  "angry|unacceptable|terrible|awful|horrible|worst|disappoint*|frustrat*|annoy*|ridiculous|useless|rubbish|"
  "pathetic|disgrace*|scam|fraud|rip off|fed up|sick of|not working|doesn t work|does not work|won t|will not start|"
  "broken|broke|crash*|fail*|error|wrong|stuck|dead|damaged|smashed|missing|lost|never arrived|still waiting|"
  "still no|declined|complain*|unhappy|poor service|charged twice|locked out|stolen|hacked|can t|cannot|refuse*|"
  "nobody|hung up|waste|late|delay*|problem*|burn*|smoke|nothing happens|keeps|not received|didn t receive",
[LOCAL_POSITIVE] =
  "great product|love it|love the|love your|love this|excellent|fantastic|awesome|amazing|wonderful|perfect|"
  "brilliant|well done|good job|great job|great service|thank you so much|many thanks for|big thank|compliment*|"
  "very happy|so happy|delighted|impressed|keep it up|keep up|works great|works perfectly|works like a charm|"
  "kudos|thumbs up|best support|pleased|saved us|praise|made my day|shout out|superb",
[LOCAL_SOLVED] =
  "thank* ~ works now|works now|working now|works again|working again|is fixed|fixed it|that fixed|solved|"
  "resolved|sorted|problem gone|all good|that helped|that did it|that worked|it worked|did the trick|perfect|"
  "great thank*|thanks a lot|thank you very much|thank you so much|many thanks|brilliant|you can close|"
  "please close|no further question*|issue is gone|got it thank*|arrived today|received it",
[LOCAL_UNSOLVED] =
  "still not|still no|still does*|still doesn t|still the same|still have|still get*|still waiting|not solved|"
  "not resolved|not fixed|did not help|didn t help|does not help|doesn t help|didn t work|did not work|"
  "doesn t work|does not work|not working|again|same problem|same error|no luck|came back|is back|happens again|"
  "but now|another problem|not the answer|does not answer|not what i asked|wrong answer|reopen|unfortunately|worse"}},
{"de", {
[LOCAL_SAFETY] =
  "rauch|raucht|qualm*|brandgeruch|verbrannt*|riecht ~ verbrannt|riecht ~ gas|gasgeruch|feuer|brand|brennt|"
  "flamme*|funken|funkt|geschmolzen|schmilzt|schmort|verschmort|angeschmort|explod*|explosion|aufgeblaht*|"
  "geblaht|uberhitz*|zu heiss|sehr heiss|gluhend|stromschlag|stromschlage|verletz*|verbrennung|krankenhaus|"
  "notarzt|lebensgefahr*|gefahrlich|kohlenmonoxid|auslauf* ~ batterie|akku ~ heiss|batterie ~ heiss|zischt"
  "|ganz heiss|extrem heiss|unglaublich heiss|brennend heiss|wird heiss|glut*|knister*|kribbel*|angebrannt|verkohlt|verkokelt|angekokelt|kokelt|schmorgeruch"
  "|schmorspur*|brandspur*|brandfleck*|stechender geruch|komischer geruch|plastikgeruch|rauchmelder|feuerwehr"
  "|kurzschluss|aufgequollen|beule|gewolbt|verbrennen|verbruht|lebensgefahr|elektrischen schlag"
  "|gewischt bekommen|funkenflug"
  "|funkenschlag|angesengt|versengt|dampft|akku ~ dick|batterie ~ dick|akku ~ gebl*|batterie ~ gebl*"
  "|elektrischer schlag|strom ~ bekommen|schlag bekommen|gas riech*|riecht ~ angebrannt|riecht ~ schmor*"
  "|abgefackelt|hausbrand",
[LOCAL_TAKEOVER] =
  "gehackt|hacker*|konto ~ ubernommen|fremdzugriff|unbefugt*|unberechtigt* zugriff|jemand ~ mein* konto|"
  "jemand ~ e mail ~ geandert|jemand ~ passwort ~ geandert|hat jemand ~ geandert|fremde ~ konto|"
  "das war ich nicht|ich war das nicht|war nicht ich|nicht von mir|nie bestellt|bestellung* ~ nicht von mir|"
  "identitatsdiebstahl|konto ~ gestohlen|kompromittiert|anmeldung* ~ nicht von mir|fremde anmeldung|"
  "unbekannte* anmeldung|unbekannte* gerat"
  "|eingeloggt ~ fremd*|fremde* ~ eingeloggt|fremde* bestellung*|fremde person|jemand ~ eingeloggt"
  "|jemand anderes ~ zugriff|jemand ~ zugriff|jemand hat sich|jemand ~ zugang|eingebrochen ~ konto"
  "|konto ~ gekapert|ohne mein wissen|ohne mein zutun|ohne meine zustimmung|ohne dass ich|verdachtig* anmeldung"
  "|verdachtig* login|verdachtig* aktivitat|login aus|anmeldung aus|nicht von mir geandert"
  "|passwort wurde geandert|passwort ~ geandert ~ nicht|mail adresse ~ geandert|e mail ~ geandert"
  "|habe ich nicht bestellt|hab ich nicht bestellt|nicht getatigt*|missbraucht|betrugerisch*"
  "|nicht angefordert|nie angefordert|fremde* adresse|fremde* e mail|fremde* mail|von fremden|fremder",
[LOCAL_PRIVACY] =
  "dsgvo|datenschutz*|artikel 00|art 00|loschen sie ~ daten|daten ~ loschen|loschung ~ daten|datenloschung|"
  "auskunft ~ daten|datenauskunft|gespeicherte* daten|daten ~ gespeichert|personenbezogen*|kopie ~ daten|"
  "recht auf vergessen*|selbstauskunft|welche daten",
[LOCAL_LEGAL] =
  "anwalt*|rechtsanwalt*|rechtliche schritte|gericht|gerichtlich*|klage|verklage*|klagen|mahnbescheid|"
  "verbraucherzentrale|verbraucherschutz|anzeige erstatten|strafanzeige|rechtsweg|juristisch*|frist ~ gesetzt|"
  "fristsetzung|letzte frist|schlichtungsstelle|rechtsschutz*"
  "|rechtlich*|rechtsmittel|schadensersatz|polizei|juristen",
[LOCAL_MANAGER] =
  "vorgesetzte*|ihren chef|chef sprechen|teamleit*|abteilungsleit*|geschaftsleitung|geschaftsfuhr*|"
  "verantwortliche*|jemand* ~ verantwortung|jemand* ~ zu sagen hat|eskalier*|beschwerdestelle"
  "|leitung sprechen|leiter sprechen|hoherer stelle",
[LOCAL_CHURN] =
  "rahmenvertrag ~ kundig*|vertrag ~ nicht verlanger*|wechseln ~ zur konkurrenz|zum wettbewerb|zu einem mitbewerber",
[LOCAL_REPEATED] =
  "mehrfach ~ geschrieben|mehrfach ~ gemeldet|mehrfach ~ angerufen|mehrfach ~ kontaktiert|mehrmals ~ geschrieben|"
  "mehrmals ~ gemeldet|mehrmals ~ angerufen|mehrmals ~ kontaktiert|schon mehrmals|bereits mehrfach|bereits mehrmals|"
  "schon mehrfach|zum dritten mal|zum zweiten mal|zum vierten mal|zum 0 mal|schon ~ mal geschrieben|"
  "dreimal|viermal|zweimal ~ geschrieben|zweimal ~ angerufen|schon ofter ~ geschrieben|bereits ~ geschrieben|"
  "bereits ~ kontaktiert|bereits ~ gemeldet|keine antwort|niemand ~ antwortet|niemand ~ meldet|"
  "niemand meldet|antwortet niemand|meldet sich niemand|wieder dieselbe|immer noch keine antwort|"
  "dritte mail|dritte e mail|vierte mail|dritte nachricht|ignoriert|keine reaktion|hingehalten|vertrostet"
  "|zum wiederholten mal*|wiederholt ~ gemeldet|wiederholt ~ geschrieben|wiederholt ~ angerufen|wie oft noch"
  "|nichts gehort|nichts mehr gehort|ohne antwort|keine ruckmeldung|keinerlei ruckmeldung"
  "|immer noch nichts gehort|nie eine antwort|vierte nachricht|funfte mail",
[LOCAL_MEDIA] =
  "presse|zeitung|journalist*|soziale* medien|social media|offentlich machen|an die offentlichkeit|fernsehen|"
  "schlechte bewertung|negative bewertung|facebook|instagram|twitter|reporter*|google bewertung|"
  "trustpilot|follower*",
[LOCAL_BUSINESS] =
  "unsere firma|unserer firma|unser unternehmen|unserem unternehmen|unsere* kunden|unsere* mieter*|unser hotel|"
  "unsere* hotel*|unser buro|unsere* filialen|unsere* standort*|unsere* wohnungen|unsere* objekte*|00 gerate*|"
  "000 gerate*|00 thermostate*|000 thermostate*|00 wohnungen|00 zimmer|00 lizenzen|wir betreiben|wir verwalten|"
  "hausverwaltung|geschaftskunde*|rahmenvertrag|grosskunde*|einkauf",
[LOCAL_LEAVING] =
  "kundigen ~ alles|alles kundigen|alles ~ kundigen|vertrag ~ kundigen|wechseln|konkurrenz|wettbewerber|mitbewerber|"
  "anderen anbieter|anderer anbieter|umsteigen|steigen ~ um|trennen uns|nicht verlangern|letzte chance|"
  "zuruckgeben ~ alle|ausschreibung",
[LOCAL_HUMAN] =
  "mit einem menschen|echten menschen|mit jemandem sprechen|mitarbeiter sprechen|jemanden sprechen|"
  "ruckruf|rufen sie mich|zuruckrufen|kein bot|keinen bot|personlich sprechen|vorgesetzte* sprechen",
[LOCAL_URGENT] =
  "dringend*|sofort|umgehend|eilt|eilig|notfall|schnellstmoglich|so schnell wie moglich|heizung ~ nicht|"
  "keine heizung|ist kalt|es ist kalt|eiskalt|friere*|kein warmwasser|kleinkind|baby|doppelt abgebucht|"
  "zweimal abgebucht|zweimal ~ abgebucht|doppelt ~ belastet|zweimal ~ belastet|ausfall|steht still|nichts geht",
[LOCAL_NEGATIVE] =
  "argerlich|verargert|unverschamt*|inakzeptabel|nicht akzeptabel|schlecht*|katastroph*|enttausch*|frustrier*|"
  "nervt|unmoglich|frechheit|sauer|wutend|kaputt|defekt|funktioniert nicht|geht nicht|klappt nicht|fehler|fehlt|"
  "abgesturzt|haengt|hangt|problem*|beschwerde|beschadigt|zerbrochen|nicht angekommen|immer noch nicht|noch nicht|"
  "warte|falsch|leider|betrug|abgelehnt|doppelt|zweimal|gesperrt|verbindet sich nicht|springt nicht|nie wieder|"
  "lauft nicht|tot|vergeblich|bricht ab",
[LOCAL_POSITIVE] =
  "super|toll|grossartig*|klasse|hervorragend*|perfekt*|begeistert|sehr zufrieden|bin zufrieden|vielen dank fur|"
  "herzlichen dank|lob|weiter so|wunderbar|ausgezeichnet*|spitze|freut mich|freue mich|top service|prima|"
  "sehr gut|liebe es|empfehle",
[LOCAL_SOLVED] =
  "funktioniert jetzt|funktioniert wieder|geht wieder|geht jetzt|lauft wieder|klappt jetzt|hat geklappt|erledigt|"
  "gelost|hat geholfen|problem behoben|behoben|perfekt|vielen dank|herzlichen dank|alles gut|alles klar|super danke|"
  "kann geschlossen|angekommen|danke ~ geholfen",
[LOCAL_UNSOLVED] =
  "immer noch|noch immer|weiterhin|nicht gelost|nicht behoben|hilft nicht|hat nicht geholfen|nicht geholfen|"
  "funktioniert nicht|geht nicht|klappt nicht|wieder da|schon wieder|erneut|gleiche* fehler|gleiche* problem|"
  "dasselbe problem|leider|noch nicht|trotzdem|keine losung"}},
{"fr", {
[LOCAL_SAFETY] =
  "fumee|fume|brule|brulure*|odeur de brule|sent ~ brule|odeur de gaz|fuite de gaz|feu|incendie|flamme*|etincelle*|"
  "fondu|fond|explos*|gonfle|gonflee|surchauffe*|tres chaud*|trop chaud*|brulant*|decharge electrique|electrocut*|"
  "electrise*|blesse*|hopital|danger|dangereu*|monoxyde"
  "|devient chaud*|extremement chaud*|chauffe anormalement|roussi|odeur de plastique|odeur bizarre|odeur suspecte|gonflement|bombe|bombee"
  "|crepit*|gresill*|pompiers|court circuit|choc electrique|detecteur de fumee|detecteur de co|rougeoi*"
  "|noirci*"
  "|fumant|carbonis*|noircie|sent le chaud|sent le plastique|prend feu|pris feu|chauffe trop|surchauffe|choc",
[LOCAL_TAKEOVER] =
  "pirate|piratee|piratage|hacke|compte ~ vole|quelqu un ~ change|quelqu un ~ mon compte|acces non autorise*|"
  "ce n etait pas moi|ce n est pas moi|pas moi qui|usurpation|connexion inconnue|commande* ~ pas passe*|"
  "intrus*|compromis"
  "|acces a mon compte|connexion suspecte|activite suspecte|connexion depuis"
  "|appareil inconnu|sans mon accord|sans mon autorisation|a mon insu|mot de passe ~ ete change"
  "|mot de passe ~ ete modifie|adresse ~ ete modifiee|e mail ~ ete change*|je n ai pas commande"
  "|je n ai jamais commande|achat* ~ pas fait|frauduleu*|mon compte ~ utilise|intrusion"
  "|je n ai pas demande|inconnu*|quelqu un utilise|quelqu un s est|s est connecte a",
[LOCAL_PRIVACY] =
  "rgpd|donnees personnelles|protection des donnees|article 00|supprim* ~ donnees|suppression ~ donnees|"
  "effac* ~ donnees|effacement|copie ~ donnees|acces ~ donnees|droit a l oubli|cnil|donnees ~ me concernant",
[LOCAL_LEGAL] =
  "avocat*|action en justice|justice|tribunal|poursuit*|poursuivre|mise en demeure|plainte|ufc|dgccrf|"
  "association de consommateurs|protection des consommateurs|mediateur|juridique*|voie legale|huissier",
[LOCAL_MANAGER] =
  "responsable|superieur*|votre chef|directeur|direction|manager|hierarchi*",
[LOCAL_CHURN] = "passer a la concurrence|ne pas renouveler ~ contrat|resilier ~ contrat cadre|chez un concurrent",
[LOCAL_REPEATED] =
  "ecrit ~ plusieurs|appele ~ plusieurs|contacte ~ plusieurs|deja plusieurs fois|deuxieme fois ~ ecri*|troisieme fois|quatrieme fois|0 fois|deux fois ~ ecrit|ecrit ~ fois|appele ~ fois|"
  "contacte ~ fois|trois fois|quatre fois|sans reponse|aucune reponse|pas de reponse|personne ne repond|"
  "toujours pas de reponse|toujours aucune|relance*|deja ecrit|deja contacte|deja signale|"
  "troisieme message|troisieme mail|ignore"
  "|plus aucune nouvelle|aucune nouvelle|sans nouvelles|aucun retour|pas de retour|sans retour|combien de fois"
  "|quatrieme message|quatrieme mail|meme reponse",
[LOCAL_MEDIA] =
  "presse|journal|journaliste*|reseaux sociaux|medias|television|facebook|twitter|instagram|avis negatif*|"
  "mauvais avis|rendre public|trustpilot",
[LOCAL_BUSINESS] =
  "notre entreprise|notre societe|notre hotel|nos clients|nos locataires|nos bureaux|nos sites|nos appartements|"
  "nos chambres|nos magasins|00 appareils|000 appareils|00 thermostats|00 chambres|00 appartements|00 licences|"
  "nous gerons|nous exploitons|client professionnel|syndic",
[LOCAL_LEAVING] =
  "tout resilier|resilier tout*|tout annuler|resilier ~ contrat|concurren*|changer de fournisseur|"
  "autre fournisseur|autre prestataire|partir ailleurs|ne renouvel*|derniere chance|quitter",
[LOCAL_HUMAN] =
  "parler a quelqu un|parler a un|un humain|vraie personne|un conseiller|une personne reelle|rappelez moi|"
  "me rappeler|pas un robot|un robot|parler a une",
[LOCAL_URGENT] =
  "urgent*|urgence|immediatement|tout de suite|au plus vite|des que possible|rapidement|chauffage ~ pas|"
  "pas de chauffage|plus de chauffage|il fait froid|froid|eau chaude|bebe|debite* ~ deux fois|double debit|"
  "preleve* ~ deux fois|deux fois ~ debite*|en panne|bloque*",
[LOCAL_NEGATIVE] =
  "inacceptable|honteu*|honte|nul|nulle|horrible|catastroph*|decu*|deception|frustr*|enerve*|en colere|scandale*|"
  "arnaque|escroquerie|ne fonctionne pas|ne marche pas|ne marche plus|ne fonctionne plus|panne|casse*|abime*|"
  "erreur|probleme*|defectueu*|toujours pas|jamais recu|pas recu|retard|impossible|refuse*|deux fois|reclamation|"
  "plainte|malheureusement|perdu|manque|n arrive plus|n arrive pas|ne se connecte pas|bloque*|ecrasee",
[LOCAL_POSITIVE] =
  "excellent*|super|parfait*|genial*|formidable*|merveilleu*|grand merci|merci beaucoup pour|bravo|felicitations|"
  "tres content*|tres satisfait*|ravi*|j adore|top|au top|impeccable|continuez",
[LOCAL_SOLVED] =
  "fonctionne maintenant|marche maintenant|ca marche|ca fonctionne|fonctionne a nouveau|remarche|resolu*|regle*|"
  "c est bon|parfait|merci beaucoup|grand merci|ca a marche|bien recu|vous pouvez fermer|probleme resolu",
[LOCAL_UNSOLVED] =
  "toujours pas|toujours le meme|encore|ne marche pas|ne fonctionne pas|pas resolu|n a pas aide|meme probleme|"
  "meme erreur|ca recommence|de nouveau|malheureusement|rien ne change|aucun changement"}},
{"es", {
[LOCAL_SAFETY] =
  "humo|echa humo|olor a quemado|huele a quemado|quemad*|huele a gas|olor a gas|fuga de gas|fuego|incendio|llamas|"
  "chispa*|derretid*|derrit*|explot*|explosion|hinchad*|sobrecalent*|muy caliente|ardiendo|descarga electrica|"
  "calambre|electrocut*|herid*|hospital|peligro*|monoxido|quemadura*"
  "|demasiado caliente|esta caliente ~ bateria|se calienta mucho|se calienta demasiado|recalienta*|abombad*|abulta*|olor a plastico|olor raro|chispazo*"
  "|corrientazo|bomberos|cortocircuito|detector de humo|detector de co|chamuscad*|ennegrecid*|descarga"
  "|humea|ardio|ardia|prendio fuego|abrasa*|quema|queman|quemando|dio corriente|da corriente",
[LOCAL_TAKEOVER] =
  "hackead*|hackearon|han entrado en mi cuenta|entraron en mi cuenta|alguien ~ mi cuenta|alguien cambio|"
  "alguien ha cambiado|acceso no autorizado|no fui yo|no he sido yo|suplantacion|robad* ~ cuenta|me robaron|"
  "cuenta ~ robad*|pedido* ~ no hice|inicio de sesion ~ no|comprometida|intruso"
  "|acceso a mi cuenta|entrado en mi|entro en mi|usando mi cuenta|uso mi cuenta|usado mi tarjeta"
  "|inicio de sesion desde|inicio de sesion sospechoso|actividad sospechosa|sesion desde"
  "|dispositivo desconocido|sin mi permiso|sin mi consentimiento|sin mi autorizacion"
  "|me han cambiado la contrasena|cambiaron ~ contrasena|cambiado ~ contrasena|cambiado ~ correo|no he pedido"
  "|no he hecho ~ pedido|yo no compre|compras que no|pedidos que no|fraudulent*|intrusion"
  "|no he solicitado|no solicite|un desconocido|desconocidos|alguien esta usando|alguien usa|alguien ha entrado"
  "|alguien entro",
[LOCAL_PRIVACY] =
  "rgpd|lopd|proteccion de datos|datos personales|articulo 00|borr* ~ datos|elimin* ~ datos|supresion|suprim* ~ datos|"
  "copia ~ datos|acceso ~ mis datos|derecho al olvido|que datos",
[LOCAL_LEGAL] =
  "abogad*|acciones legales|demanda|demandar*|denuncia*|denunciar*|juzgado|tribunal*|juicio|consumo|"
  "organizacion de consumidores|ocu|facua|via legal|via judicial|medidas legales|hoja de reclamaciones",
[LOCAL_MANAGER] =
  "su superior|superior|un responsable|el responsable|encargad*|su jefe|gerente|supervisor*|director",
[LOCAL_CHURN] = "pasarnos a la competencia|irnos a la competencia|no renovar ~ contrato",
[LOCAL_REPEATED] =
  "ya ~ varias veces|escrito varias veces|llamado varias veces|contactado varias veces|segunda vez que escribo|"
  "segunda vez que llamo|tercera vez|cuarta vez|0 veces|dos veces ~ escrit*|tres veces|cuatro veces|"
  "he escrito ~ veces|he llamado ~ veces|nadie ~ responde|nadie ~ contesta|sin respuesta|"
  "no me responden|no responden|ninguna respuesta|sigo sin respuesta|ya he escrito|ya escribi|ya les escribi|"
  "tercer correo|tercer mensaje|me ignoran"
  "|no he tenido respuesta|no obtengo respuesta|sin noticias|ninguna noticia|cuantas veces|cuarto correo"
  "|cuarto mensaje|misma respuesta",
[LOCAL_MEDIA] =
  "prensa|periodico*|periodista*|redes sociales|medios|television|facebook|twitter|instagram|mala resena|"
  "resena negativa|hacer publico|trustpilot",
[LOCAL_BUSINESS] =
  "nuestra empresa|nuestro hotel|nuestros clientes|nuestros inquilinos|nuestras oficinas|nuestros apartamentos|"
  "nuestras tiendas|00 dispositivos|000 dispositivos|00 aparatos|00 termostatos|00 habitaciones|00 licencias|"
  "gestionamos|administramos|cliente empresa",
[LOCAL_LEAVING] =
  "cancelar todo|cancelaremos|cancelar ~ contrato|rescindir|competencia|otro proveedor|cambiar de proveedor|"
  "no renovar*|ultima oportunidad|dejaremos|nos vamos",
[LOCAL_HUMAN] =
  "hablar con una persona|hablar con alguien|persona real|un humano|un agente|que me llamen|llamenme|no un robot|"
  "un robot|hablar con un|hablar con su",
[LOCAL_URGENT] =
  "urgente*|urgencia|inmediatamente|de inmediato|cuanto antes|lo antes posible|ahora mismo|sin calefaccion|"
  "calefaccion ~ no|hace frio|frio|agua caliente|bebe|cobrado ~ dos veces|cobrado dos veces|cobro doble|doble cobro|"
  "averia|bloquead*",
[LOCAL_NEGATIVE] =
  "inaceptable|verguenza|pesimo*|terrible|horrible|fatal|decepcion*|frustra*|enfadad*|indignad*|estafa|fraude|"
  "no funciona*|roto|rota|averia*|error*|problema*|danad*|defectuos*|todavia no|aun no|sigo sin|no he recibido|"
  "no ha llegado|retraso|rechazad*|imposible|queja|reclamacion|dos veces|perdid*|falta|no puedo|no se conecta|"
  "no llega|me colgo|lamentable|no arranca",
[LOCAL_POSITIVE] =
  "excelente*|estupend*|perfect*|genial|fantastic*|maravillos*|muchas gracias por|enhorabuena|felicidades|"
  "muy content*|muy satisfech*|encantad*|me encanta|gran trabajo|buen trabajo|sigan asi|de diez",
[LOCAL_SOLVED] =
  "ya funciona|funciona ahora|funciona de nuevo|vuelve a funcionar|solucionad*|resuelt*|arreglad*|perfecto|"
  "muchas gracias|ya esta|ya lo tengo|ya llego|me ha servido|pueden cerrar",
[LOCAL_UNSOLVED] =
  "sigue sin|sigo sin|todavia|aun no|no funciona|no ha funcionado|no se ha solucionado|no resuelt*|mismo problema|"
  "mismo error|otra vez|de nuevo|lamentablemente|por desgracia|no me ha servido|no ayuda"}},
{"it", {
[LOCAL_SAFETY] =
  "fumo|fuma|puzza di bruciato|odore di bruciato|bruciat*|brucia|odore di gas|fuga di gas|fuoco|incendio|fiamme|"
  "scintill*|sciolt*|fus*|esplos*|esplod*|gonfi*|surriscald*|molto cald*|rovente|scossa|folgorat*|ferit*|ospedale|"
  "pericolo*|pericolos*|ustion*|monossido"
  "|troppo caldo|caldissim*|scotta|scottava|odore di plastica|puzza di plastica|odore strano|rigonfi*|vigili del fuoco|pompieri"
  "|corto circuito|cortocircuito|crepit*|rilevatore di fumo|annerit*|scossa elettrica|bruciatura|bruciature"
  "|fumando|preso fuoco|prende fuoco|brucia*|bruciacchiat*|presa la scossa|preso la scossa",
[LOCAL_TAKEOVER] =
  "hackerat*|violat* ~ account|account ~ violato|account ~ rubato|qualcuno ~ mio account|qualcuno ha cambiato|"
  "accesso non autorizzato|non sono stat* io|non sono io|furto d identita|ordin* ~ non ho fatto|compromesso"
  "|entrato nel mio|entrati nel mio|accesso al mio account|accesso sospetto|attivita sospetta|accesso da"
  "|dispositivo sconosciuto|senza il mio consenso|senza il mio permesso|a mia insaputa|password ~ cambiata"
  "|email ~ cambiata|usato la mia carta|usato il mio account|non ho ordinato|acquisti non|fraudolent*|hacker*"
  "|intrus*"
  "|qualcuno sta usando|qualcuno usa|qualcuno e entrato|qualcuno ha|uno sconosciuto|sconosciuti"
  "|non ho richiesto|non ho fatto io|non l ho fatto io|mi hanno rubato",
[LOCAL_PRIVACY] =
  "gdpr|protezione dei dati|dati personali|articolo 00|cancell* ~ dati|cancellazione ~ dati|copia ~ dati|"
  "accesso ~ dati|diritto all oblio|garante|privacy",
[LOCAL_LEGAL] =
  "avvocat*|legale|vie legali|azione legale|tribunale|denuncia*|querela|giudice|associazione dei consumatori|"
  "associazione consumatori|altroconsumo|diffida",
[LOCAL_MANAGER] = "responsabile|superiore|il vostro capo|direttore|dirigente|supervisore|manager",
[LOCAL_CHURN] = "passare alla concorrenza|non rinnov* ~ contratto",
[LOCAL_REPEATED] =
  "scritto piu volte|chiamato piu volte|contattat* piu volte|gia piu volte|gia diverse volte|seconda volta che scrivo|"
  "seconda volta che chiamo|terza volta|quarta volta|0 volte|due volte ~ scritto|"
  "tre volte|quattro volte|ho scritto ~ volte|ho chiamato ~ volte|ancora nessuna risposta|nessuna risposta|"
  "senza risposta|nessuno ~ risponde|nessuno risponde|gia scritto|gia contattato|terza mail|sollecit*|ignorat*"
  "|nessun riscontro|senza riscontro|nessuna notizia|quante volte|quarta mail|stessa risposta|non mi rispondete"
  "|non rispondete",
[LOCAL_MEDIA] =
  "stampa|giornale|giornalist*|social media|sui social|televisione|facebook|twitter|instagram|recensione negativa|"
  "pubblicamente|trustpilot",
[LOCAL_BUSINESS] =
  "nostra azienda|nostra societa|nostro hotel|nostri clienti|nostri inquilini|nostri uffici|nostri appartamenti|"
  "00 dispositivi|000 dispositivi|00 termostati|00 camere|00 licenze|gestiamo|cliente aziendale",
[LOCAL_LEAVING] =
  "disdire tutto|annullare tutto|disdire ~ contratto|concorrenza|altro fornitore|cambiare fornitore|non rinnov*|"
  "ultima possibilita|recedere",
[LOCAL_HUMAN] =
  "parlare con una persona|parlare con qualcuno|persona reale|persona vera|un umano|un operatore|richiamat*|"
  "chiamatemi|non un bot|un robot|parlare con un",
[LOCAL_URGENT] =
  "urgente*|urgenza|immediatamente|subito|il prima possibile|al piu presto|senza riscaldamento|"
  "riscaldamento ~ non|fa freddo|freddo|acqua calda|neonato|bambin*|addebitat* ~ due volte|doppio addebito|"
  "guasto|bloccat*",
[LOCAL_NEGATIVE] =
  "inaccettabile|vergogn*|pessim*|terribile|orribile|delus*|frustrat*|arrabbiat*|truffa|non funziona*|rott*|guast*|"
  "errore|problem*|danneggiat*|difettos*|ancora non|non ho ricevuto|non e arrivat*|ritardo|rifiutat*|impossibile|"
  "reclamo|due volte|perso|manca|purtroppo|non riesco|bloccat*",
[LOCAL_POSITIVE] =
  "ottim*|eccellent*|perfett*|fantastic*|meraviglios*|grazie mille per|complimenti|bravi|molto soddisfatt*|"
  "contentissim*|adoro|continuate cosi",
[LOCAL_SOLVED] =
  "ora funziona|adesso funziona|funziona di nuovo|funziona tutto|risolto|sistemato|perfetto|grazie mille|tutto a posto|"
  "tutto ok|arrivato oggi|potete chiudere",
[LOCAL_UNSOLVED] =
  "ancora non|non ancora|non funziona|non ha funzionato|non risolto|stesso problema|stesso errore|di nuovo|purtroppo|"
  "continua a|non e servito"}},
{"nl", {
[LOCAL_SAFETY] =
  "rook|rookt|brandlucht|ruikt ~ verbrand|verbrand*|gaslucht|ruikt ~ gas|gaslek|brand|vuur|vlammen|vonk*|gesmolten|"
  "smelt|ontploft*|explo*|opgezwollen|bol staan|oververhit*|erg heet|te heet|gloeiend*|elektrische schok|"
  "schok gekregen|onder stroom|gewond|ziekenhuis|gevaar*|koolmonoxide|brandwond*"
  "|wordt heet|bloedheet|schroei*|verschroei*|smeulen|smeult|knetter*|rare geur|plastic geur"
  "|geur van plastic|opgebold|bolling|brandweer|rookmelder|kortsluiting|zwartgeblakerd|schok|tinteling"
  "|brandgeur|smelt*|bolle|dikke batterij|vlam|in brand|vlamvatt*|gerookt|roken|brandde|brandend*|stroomschok"
  "|opgezet|opgezette|uitgezet|verkoold",
[LOCAL_TAKEOVER] =
  "gehackt|gehacked|account ~ overgenomen|iemand ~ mijn account|iemand ~ wachtwoord ~ gewijzigd|"
  "iemand heeft ~ gewijzigd|iemand heeft ~ veranderd|onbevoegd*|niet door mij|dat was ik niet|ik was dat niet|"
  "was ik niet|identiteitsdiefstal|account ~ gestolen|nooit besteld"
  "|ingelogd vanuit|inlog vanuit|verdachte inlog*|verdachte activiteit|onbekend apparaat|onbekende inlog*"
  "|toegang tot mijn account|iemand anders|iemand is ingelogd|iemand heeft toegang|iemand ~ ingebroken"
  "|zonder mijn toestemming|zonder mijn medeweten|buiten mij om|wachtwoord is gewijzigd|wachtwoord ~ veranderd"
  "|e mailadres ~ veranderd|e mailadres ~ gewijzigd|niet door mij besteld|heb ik niet besteld"
  "|niet besteld ~ heb|frauduleu*|misbruik*|hacker*"
  "|niet zelf gedaan|heb ik niet gedaan|niet aangevraagd|een vreemde|onbekende|onbekenden|iemand gebruikt",
[LOCAL_PRIVACY] =
  "avg|gdpr|persoonsgegevens|gegevensbescherming|artikel 00|gegevens ~ verwijder*|verwijder* ~ gegevens|"
  "wis* ~ gegevens|inzage|kopie ~ gegevens|recht op vergetelheid",
[LOCAL_LEGAL] =
  "advocaat|advocaten|juridische stappen|rechter|rechtbank|rechtszaak|aanklagen|aangifte|consumentenbond|"
  "ingebrekestelling|geschillencommissie|juridisch*|deurwaarder|rechtsbijstand",
[LOCAL_MANAGER] = "leidinggevende|manager|uw baas|verantwoordelijke|afdelingshoofd|directie|teamleider",
[LOCAL_CHURN] = "naar de concurrent|contract ~ niet verlengen",
[LOCAL_REPEATED] =
  "meerdere keren gebeld|meerdere keren gemaild|meerdere keren contact|meerdere keren gemeld|al meerdere keren|"
  "al meermaals|al vaker gemeld|derde keer|vierde keer|0e keer|0 keer|twee keer ~ gemaild|drie keer|"
  "vier keer|al ~ keer gebeld|al ~ keer gemaild|geen antwoord|geen reactie|niemand ~ reageert|"
  "niemand reageert|nog steeds geen antwoord|nog steeds geen reactie|eerder gemeld|derde mail|genegeerd"
  "|niets gehoord|niks gehoord|niets meer gehoord|hoe vaak|vierde mail|hetzelfde antwoord|reageren jullie niet"
  "|reageert niemand",
[LOCAL_MEDIA] =
  "pers|krant|journalist*|sociale media|social media|televisie|facebook|twitter|instagram|slechte review|"
  "negatieve review|slechte recensie|openbaar maken|trustpilot",
[LOCAL_BUSINESS] =
  "ons bedrijf|ons hotel|onze klanten|onze huurders|onze kantoren|onze appartementen|onze vestigingen|00 apparaten|"
  "000 apparaten|00 thermostaten|00 kamers|00 licenties|wij beheren|zakelijke klant",
[LOCAL_LEAVING] =
  "alles opzeggen|contract ~ opzeggen|concurren*|andere leverancier|overstappen|niet verlengen|laatste kans",
[LOCAL_HUMAN] =
  "echt persoon|echt mens|een mens|iemand spreken|met iemand spreken|medewerker spreken|bel mij|bel me|terugbellen|"
  "geen bot|geen robot",
[LOCAL_URGENT] =
  "dringend*|spoed*|onmiddellijk|meteen|direct|zo snel mogelijk|geen verwarming|verwarming ~ niet|is koud|het is koud|"
  "ijskoud|warm water|baby|dubbel afgeschreven|twee keer afgeschreven|twee keer ~ afgeschreven|storing|geblokkeerd",
[LOCAL_NEGATIVE] =
  "onacceptabel|schandalig|slecht*|vreselijk|verschrikkelijk|teleurgesteld|teleurstell*|gefrustreerd|boos|woedend|"
  "oplichting|werkt niet|doet het niet|kapot|stuk|defect|fout*|problem*|probleem|beschadigd|nog steeds niet|"
  "niet ontvangen|niet aangekomen|te laat|vertraging|geweigerd|onmogelijk|klacht|twee keer|kwijt|ontbreekt|helaas|"
  "lukt niet|geblokkeerd",
[LOCAL_POSITIVE] =
  "geweldig*|uitstekend*|perfect*|fantastisch*|super|top|hartelijk dank voor|complimenten|goed gedaan|heel blij|"
  "erg blij|zeer tevreden|ga zo door",
[LOCAL_SOLVED] =
  "werkt nu|werkt weer|doet het weer|opgelost|gelukt|perfect|hartelijk dank|heel erg bedankt|hartstikke bedankt|"
  "helemaal goed|ontvangen bedankt|mag dicht",
[LOCAL_UNSOLVED] =
  "nog steeds|werkt niet|doet het niet|niet opgelost|hielp niet|helpt niet|hetzelfde probleem|dezelfde fout|opnieuw|"
  "weer terug|helaas|nog niet"}},
{"pt", {
[LOCAL_SAFETY] =
  "fumaca|fumo|cheiro a queimado|cheiro de queimado|queimad*|cheiro a gas|cheiro de gas|fuga de gas|vazamento de gas|"
  "fogo|incendio|chamas|faisca*|derret*|explod*|explos*|inchad*|sobreaquec*|superaquec*|muito quente|"
  "choque eletrico|choque electrico|ferid*|hospital|perigo*|monoxido|queimadura*"
  "|demasiado quente|quentissim*|aquece demasiado|aquece muito|cheiro a plastico|cheiro de plastico|cheiro estranho|estufad*"
  "|bombeiros|curto circuito|chamuscad*|detetor de fumo|detector de fumaca"
  "|pegou fogo|a arder|a deitar fumo|saindo fumaca|levei um choque",
[LOCAL_TAKEOVER] =
  "hackead*|invadi*|conta ~ roubada|alguem ~ minha conta|alguem mudou|alguem alterou|acesso nao autorizado|"
  "nao fui eu|roubo de identidade|compra* ~ nao fiz|pedido* ~ nao fiz|comprometida"
  "|acesso a minha conta|entrou na minha conta|entraram na minha conta|login suspeito|atividade suspeita"
  "|acesso suspeito|dispositivo desconhecido|sem minha autorizacao|sem a minha autorizacao"
  "|sem o meu consentimento|senha ~ alterada|senha ~ mudada|palavra passe ~ alterada|email ~ alterado"
  "|usou o meu cartao|usaram o meu cartao|fraudulent*|hacker*",
[LOCAL_PRIVACY] =
  "rgpd|lgpd|protecao de dados|dados pessoais|artigo 00|apag* ~ dados|elimin* ~ dados|exclu* ~ dados|"
  "copia ~ dados|acesso ~ meus dados|direito ao esquecimento",
[LOCAL_LEGAL] =
  "advogad*|acao judicial|acoes legais|medidas legais|tribunal|processo judicial|processar|procon|deco|denuncia*|"
  "defesa do consumidor|livro de reclamacoes|via judicial",
[LOCAL_MANAGER] = "superior|responsavel|gerente|supervisor*|chefe|diretor*|gestor",
[LOCAL_CHURN] = "para a concorrencia|nao renovar ~ contrato",
[LOCAL_REPEATED] =
  "ja ~ varias vezes|escrevi varias vezes|liguei varias vezes|contactei varias vezes|segunda vez que escrevo|terceira vez|quarta vez|0 vezes|duas vezes ~ escrev*|tres vezes|"
  "quatro vezes|ja escrevi|ja liguei|ja contactei|ninguem ~ responde|ninguem responde|sem resposta|"
  "nenhuma resposta|continuo sem resposta|terceiro email|ignorad*",
[LOCAL_MEDIA] =
  "imprensa|jornal|jornalista*|redes sociais|televisao|facebook|twitter|instagram|avaliacao negativa|"
  "tornar publico|reclame aqui|trustpilot",
[LOCAL_BUSINESS] =
  "nossa empresa|nosso hotel|nossos clientes|nossos inquilinos|nossos escritorios|nossos apartamentos|"
  "00 dispositivos|000 dispositivos|00 aparelhos|00 termostatos|00 quartos|00 licencas|gerimos|administramos",
[LOCAL_LEAVING] =
  "cancelar tudo|cancelar ~ contrato|rescindir|concorrencia|concorrente|outro fornecedor|mudar de fornecedor|"
  "nao renovar*|ultima oportunidade",
[LOCAL_HUMAN] =
  "falar com uma pessoa|falar com alguem|pessoa real|um humano|um atendente|liguem me|me liguem|um robo|falar com um",
[LOCAL_URGENT] =
  "urgente*|urgencia|imediatamente|o mais rapido possivel|quanto antes|sem aquecimento|aquecimento ~ nao|esta frio|"
  "frio|agua quente|bebe|cobrado ~ duas vezes|cobrada ~ duas vezes|duas vezes|cobranca dupla|avaria*|bloquead*",
[LOCAL_NEGATIVE] =
  "inaceitavel|vergonha|pessim*|terrivel|horrivel|desilu*|decepcion*|frustrad*|zangad*|burla|fraude|nao funciona*|"
  "partid*|quebrad*|estragad*|erro*|problema*|danificad*|defeito*|ainda nao|nao recebi|nao chegou|atras*|recusad*|"
  "impossivel|reclamacao|duas vezes|perdid*|falta|infelizmente|nao consigo|bloquead*",
[LOCAL_POSITIVE] =
  "excelente*|otim*|perfeit*|fantastic*|maravilhos*|muito obrigad* por|muito obrigad* pel*|parabens|muito satisfeit*|"
  "muito content*|adoro|continuem assim",
[LOCAL_SOLVED] =
  "ja funciona|funciona agora|voltou a funcionar|resolvid*|perfeito|muito obrigad*|tudo certo|ja chegou|ja recebi|"
  "podem fechar|consegui",
[LOCAL_UNSOLVED] =
  "ainda nao|continua sem|continua a|nao funciona|nao funcionou|nao resolveu|mesmo problema|mesmo erro|outra vez|"
  "de novo|infelizmente|nao ajudou"}},
{"pl", {
[LOCAL_SAFETY] =
  "dym|dymi|dymu|zapach spalenizny|spalenizn*|smrod|pali sie|pozar*|ogien|ognia|plomien*|iskr*|stopi*|topi sie|"
  "wybuch*|eksplo*|spuchni*|napuchni*|spuchl*|przegrza*|przegrzewa*|bardzo gorac*|porazi*|porazenie|czuc gaz|zapach gazu|ulatnia* ~ gaz*|ranny|"
  "szpital*|niebezpiecz*|poparz*|czad"
  "|strasznie gorac*|parzy|iskrzy|trzeszcz*|zapach plastiku|dziwny zapach|nadtopi*|zweglon*|osmalon*|wybrzusz*"
  "|straz pozarn*|czujnik dymu|zwarcie|kopnal prad|prad kopnal|kopie prad*"
  "|pali|zapalil*|plonie|dymilo|dymic|smierdzi ~ spal*",
[LOCAL_TAKEOVER] =
  "wlamal*|wlamanie|zhakowan*|zhackowan*|przejal*|przejet*|ktos ~ moje konto|ktos zmienil|ktos ~ zmienil|"
  "nieautoryzowan*|to nie ja|nie ja ~ zamawial*|kradziez tozsamosci|ukradzion* ~ konto|konto ~ skradzion*"
  "|zalogowal* sie ~ ktos|ktos sie zalogowal|logowanie z|podejrzan* logowan*|podejrzan* aktywnosc"
  "|nieznan* urzadzeni*|nieznan* logowan*|bez mojej zgody|bez mojej wiedzy|haslo ~ zmienion*|email ~ zmienion*"
  "|mail ~ zmienion*|nie zamawialem|nie zamawialam|uzyl mojej karty|dostep do mojego konta|haker*|hacker*",
[LOCAL_PRIVACY] =
  "rodo|ochron* danych|dane osobowe|danych osobowych|artykul 00|art 00|usun* ~ dane|usuniec* ~ danych|"
  "kopi* ~ danych|dostep ~ danych|prawo do bycia zapomnian*",
[LOCAL_LEGAL] =
  "prawnik*|adwokat*|radc* prawn*|kroki prawne|krokow prawnych|sad|sadu|sadow*|pozew|pozwe|rzecznik* konsumentow|"
  "uokik|wezwanie do zaplaty|policj*",
[LOCAL_MANAGER] = "przelozon*|kierownik*|menedzer*|manager*|szef*|dyrektor*",
[LOCAL_CHURN] = "do konkurencji|nie przedluz* umowy",
[LOCAL_REPEATED] =
  "wielokrotnie pisal*|wielokrotnie dzwonil*|wielokrotnie zglaszal*|kilka razy pisal*|pisal* ~ kilka razy|"
  "dzwonil* ~ kilka razy|kolejny raz pisze|po raz drugi|po raz trzeci|trzeci raz|drugi raz|czwarty raz|0 raz|"
  "dwukrotnie pisal*|trzykrotnie|nikt ~ odpowiada|nikt nie odpowiada|brak odpowiedzi|bez odpowiedzi|"
  "nadal brak|juz pisal*|juz dzwonil*|trzecia wiadomosc|ignor*",
[LOCAL_MEDIA] =
  "pras*|gazet*|dziennikarz*|media spolecznosciowe|mediach spolecznosciowych|telewizj*|facebook*|twitter*|"
  "instagram*|negatywn* opini*|zla opini*|trustpilot",
[LOCAL_BUSINESS] =
  "nasza firma|naszej firmie|nasz hotel|nasi klienci|nasze biura|nasze mieszkania|00 urzadzen|000 urzadzen|"
  "00 termostatow|00 pokoi|00 licencji|zarzadzamy|klient biznesowy",
[LOCAL_LEAVING] =
  "wypowied* ~ umow*|rezygnujemy|zrezygnujemy|konkurencj*|innego dostawc*|inny dostawca|zmienic dostawce|"
  "nie przedluz*|ostatnia szansa",
[LOCAL_HUMAN] =
  "porozmawiac z czlowiekiem|z czlowiekiem|zywym czlowiekiem|z konsultantem|prosze o telefon|oddzwon*|"
  "zadzwoncie|nie bot|z botem|rozmawiac z",
[LOCAL_URGENT] =
  "piln*|natychmiast*|jak najszybciej|od razu|awari*|nie grzeje|brak ogrzewania|ogrzewanie ~ nie|jest zimno|zimno|"
  "ciepl* wod*|dziecko|niemowl*|podwojnie|dwa razy pobran*|dwukrotnie obciaz*|zablokowan*",
[LOCAL_NEGATIVE] =
  "niedopuszczaln*|skandal*|fataln*|okropn*|strasz*|rozczarowan*|sfrustrowan*|zly|wsciek*|oszust*|nie dziala*|"
  "zepsut*|uszkodzon*|blad|bledu|problem*|wadliw*|nadal nie|nie otrzymal*|nie dotarl*|opozni*|odrzucon*|niemozliw*|"
  "reklamacj*|skarg*|dwa razy|zgubion*|brak|brakuje|niestety|nie moge|zablokowan*",
[LOCAL_POSITIVE] =
  "swietn*|doskonal*|idealn*|fantastyczn*|wspanial*|bardzo dziekuje za|gratulacj*|brawo|bardzo zadowol*|super|"
  "polecam|tak trzymac",
[LOCAL_SOLVED] =
  "juz dziala|teraz dziala|znowu dziala|dziala poprawnie|rozwiazan*|naprawion*|udalo sie|super|dziekuje bardzo|"
  "bardzo dziekuje|wszystko ok|dotarla|dotarl|mozna zamknac",
[LOCAL_UNSOLVED] =
  "nadal|wciaz|nie dziala*|nie pomoglo|nierozwiazan*|ten sam problem|ten sam blad|znowu|ponownie|niestety|dalej nie"}},
};
/* clang-format on */

const size_t local_lexicon_count = sizeof local_lexicons / sizeof local_lexicons[0];
