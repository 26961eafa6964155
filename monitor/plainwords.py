"""Words of every day that tell nobody's name: what may stay beside a child's class in a masked extract.

A short list on purpose. A word that is missing becomes "[name]", which harms
nobody; none of these is a first name, except two that are needed and that masking
treats with care ("will", "may").
"""

from __future__ import annotations

from nlp.words import word_set

COMMON = word_set(
    """
    a about above after again against ago all almost already also always am an and another any anybody
    anyone anything are around as ask asked asking at away back bad be because been before being behind
    best better between big both but by call called calls came can cannot cant care come comes coming
    could couldnt day days did didnt do does doesnt doing done dont down during each early either else
    email enough even ever every everybody everyone everything far feel few find first for found friday
    from front full gave get gets getting give given gives go goes going gone good got had half happen
    happened hard has hasnt have havent having he hear heard help her here hers herself hes him himself
    his home hour hours how i if ill im in inside into is isnt it its itself ive just keep keeps kept
    knew know known knows last late later least leave left less let lets like little long look looked
    looking lost lot lots made make makes making man many matter may maybe me mean meeting men might mine
    minutes monday money month months more morning most much must my myself near need needs never new
    news next nice night no nobody none nor not nothing now of off often oh ok okay old on once one only
    open or other others our ours out outside over own page part people person phone place please post
    put quite rather read ready real really right said same saturday saw say saying says school schools
    see seen send sent she should shouldnt shows side since so some somebody someone something soon
    sorry still stop stopped such sunday sure take taken takes talk tell telling than thank thanks that
    thats the their theirs them themselves then there these they theyre thing things think this those
    though thought three through thursday time times to today together told tomorrow tonight too took
    toward tried try trying tuesday turn two under until up upon us use used very via wait waiting want
    wanted wants was wasnt way we wednesday week weeks well went were werent what whats when where which
    while who whole whose why will with without woman women wont word words work worked works worse worst
    would wouldnt wrong year years yes yesterday yet you youll your youre yours yourself
    academy assembly assessment attendance autumn award awards board boy boys bus bullied bullies bully
    bullying canteen carpark class classes classroom coach club coat concert detention dinner dinners
    exam exams excluded exclusion expelled fair family families feedback field form gate gates girl girls
    governor governors group hall head headteacher homework infant infants inspection isolation junior
    juniors kid kids kit lesson lessons letter lunch maths meals music nursery office ofsted open parent
    parents parking phonics playground playtime primary pta pupil pupils reading reception report reports
    science secondary set site snow sports staff student students summer swimming teach teacher teachers
    teaching team term timetable trip trips trousers trust tutor uniform website winter spring
    brother brothers child children dad dads daughter daughters father lad lads lass mother mum mums
    nephew niece sister sisters son sons twin twins aged autistic sick poorly cried crying hurt hit hits
    abuse abusive allegation angry appalling arrested attack attacked awful beat behaviour biased blame
    bloody burn caught cheat cheating clown coward criminal cruel cruelty dangerous dead deserve die
    disgrace disgraceful disgusting dreadful drunk evil failing failed fake fat fear fight filthy fired
    force fraud fuck fucking furious greedy guilty hate hated hates horrible horrid idiot idiots ignorant
    ignored incompetent joke kick kicked kill knife liar liars lie lied lies lying mad mess moron nasty
    neglect pathetic pig police prison punch punched racist resign rotten rubbish rude sack sacked scared
    scum selfish sexist shame shameful shit shocking shout shouted shouting shouts sick slap slapped
    smack smash spiteful steal stealing stole stolen stupid suspended terrible thick thief threat threats
    threatened touch touched ugly unfair unsafe useless vile violent waste watch weak wicked witch worthless
    amazing brilliant congratulations event events excellent fantastic great happy kind legend lovely love
    loved loves proud raised results support supported welcome wonderful won
    """
)
