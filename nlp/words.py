"""Small word lists and name forms that the gate and the resolver share; all words are folded.

The lists are ordinary English, Welsh and school vocabulary written for this
project; counties and nations are of public knowledge.
"""

from __future__ import annotations

from collections.abc import Iterable

from nlp.findings import Profile, Staff
from nlp.text import fold_plain


def word_set(text: str) -> frozenset[str]:
    """Words apart by spaces as a set; "_" stands for a space within one."""
    return frozenset(word.replace("_", " ") for word in text.split())


EDUCATION = word_set(
    """school schools skool ysgol scoil szkola primary academy academies junior juniors infants infant nursery
    sixth_form secondary comp teacher teachers teaching headteacher headteachers headmaster headmistress deputy_head
    head_teacher principal vice_principal pennaeth athro athrawes pupil pupils disgyblion pupils classroom
    class classes lesson lessons homework assembly playground detention detentions isolation uniform
    reception term half_term parents_evening governors governor pta inset ofsted estyn etini sats gcse gcses
    a_levels a_level exam exams ta tas send senco sen dsl safeguarding tutor form_tutor teach teaches taught
    school_run school_gate school_gates trust mat headship blwyddyn rhieni bws_ysgol drop_off pick_up
    year_1 year_2 year_3 year_4 year_5 year_6 year_7 year_8 year_9 year_10 year_11 year_12 year_13
    yr_1 yr_2 yr_3 yr_4 yr_5 yr_6 yr_7 yr_8 yr_9 yr_10 yr_11 yr1 yr2 yr3 yr4 yr5 yr6 yr7 yr8 yr9 yr10 yr11 yr12
    yr13 year7 year8 year9 year10 year11 y1 y2 y3 y4 y5 y6 y7 y8 y9 y10 y11 y12 y13 p1 p2 p3 p4 p5 p6 p7
    ks1 ks2 ks3 ks4 attendance expelled excluded exclusion suspended staffroom staff_room sports_day nativity
    coursework mocks invigilator eyfs phonics maths physics chemistry science"""
)
"""Words that make a short name likely to be a school's."""

ORDINARY = word_set(
    """young brown bell price page rice cross wood green white black king long short day field hill best
    small little rose may swift sharp moody savage strong wise good fox wolf bird bush stone cook baker butler
    taylor mason carter turner head hall church banks rivers lake lane marsh moss reed frost snow winter summers
    love gold silver mill grange oak ash birch heath dale west north south east bishop knight pope abbot dean
    marshall sergeant porter gardener gardner miller fisher hunter shepherd archer cooper potter smith wright
    barber penny pound cash rich poor bright dark grey gray lamb bull crow finch martin swan peacock partridge
    drake heron cox bacon berry cherry plum flower flowers garland hope grace faith joy christian monk nun prior
    power case cole may june april rain storm stern blunt gentle noble duke earl baron lord major chambers
    brook brooks ford bridge pool wells waters beach sands parks gates house barn burns mayor hart hunt chase
    race rush nash lawless law laws bond bank book booker read reader singer harper piper drummer player foot
    hand nail tooth haddock pike salmon ward peel grant will mark
    wait waite walker rider driver carr cotton wool sage thyme pepper basil curry kitchen pot bow bowman
    the and her his our"""
)
"""Surnames and short names that are also words of every day."""

BROAD_PLACES = word_set(
    """england wales cymru scotland northern_ireland ireland uk united_kingdom britain great_britain london
    bedfordshire berkshire berks buckinghamshire bucks cambridgeshire cambs cheshire cornwall cumbria derbyshire
    devon dorset durham county_durham co_durham east_sussex west_sussex sussex essex gloucestershire glos
    hampshire hants herefordshire hertfordshire herts kent lancashire lancs leicestershire leics lincolnshire
    lincs norfolk northamptonshire northants northumberland nottinghamshire notts oxfordshire oxon rutland
    shropshire somerset staffordshire staffs suffolk surrey warwickshire west_midlands wiltshire wilts
    worcestershire worcs yorkshire west_yorkshire north_yorkshire south_yorkshire east_yorkshire merseyside
    greater_manchester manchester tyne_and_wear county_antrim co_antrim county_armagh co_armagh county_down
    co_down county_fermanagh co_fermanagh county_tyrone co_tyrone county_derry county_londonderry antrim
    ceredigion gwynedd powys carmarthenshire sir_gaerfyrddin pembrokeshire sir_benfro glamorgan conwy ynys_mon
    anglesey flintshire denbighshire wrexham gwent monmouthshire swansea cardiff caerdydd abertawe highland fife
    aberdeenshire argyll ayrshire perthshire moray angus lothian lanarkshire"""
)
"""Counties, nations, great cities: they support a name but never single out a school."""

TITLES = word_set(
    "mr mrs miss ms mx dr sir prof professor rev reverend fr father sister bean madam mister missus mrz"
)
MALE = word_set("mr sir fr father mister")
FEMALE = word_set("mrs miss ms sister madam missus bean")
MALE_OR_FEMALE_TITLES = word_set("mr mrs miss ms mx dr")
"""Titles that a surname follows; "sir" and "father" stand alone too often."""
PRIMARY_PHASES = frozenset(("nursery", "infant", "junior", "primary"))


ELSEWHERE = word_set(
    """leeds bradford sheffield liverpool newcastle sunderland durham carlisle penrith bristol bath exeter plymouth
    truro norwich ipswich cambridge oxford reading slough swindon gloucester cheltenham worcester hereford
    birmingham coventry leicester nottingham derby stoke chester preston blackpool bolton wigan oldham rochdale
    stockport hull york middlesbrough darlington lincoln grimsby scunthorpe peterborough northampton luton watford
    croydon brighton portsmouth southampton bournemouth swansea newport wrexham bangor belfast derry lisburn
    glasgow edinburgh dundee aberdeen inverness perth stirling australia sydney melbourne canada toronto ohio texas
    california florida usa america american dublin cork galway spain devon cornwall cumbria norfolk suffolk essex
    kent sussex surrey dorset somerset lancashire yorkshire cheshire northumberland shropshire ammanford cardiff"""
)
"""Well-known places: one that is not the school's own speaks for a namesake there."""

OTHER_TOPICS = word_set(
    """album vinyl remaster remastered gig tour band guitar gigs striker goal goals midfielder winger premiership
    transfer keeper poet poems novel novelist actor actress film sequel pint pints ale ales roast gravy brewery
    landlord pub menu beer gin flat rent bedroom mortgage estate_agent lettings letting tenant tenants walkers ramble
    dog puppy cat battle medieval archers siege horse races jockey handicap selling collect pram bungalow
    buy sell barbecue lager darts quiz parish vicar evensong novena cathedral flour miller watermill ward
    byelection by_election councillor candidate ringtone reissue soul funk cricket batting innings bowler overs"""
)
"""Words of other matters; where no school word stands beside them, the name means something else."""

NOT_A_SCHOOL = word_set(
    """road rd street st. lane avenue close drive crescent court gardens estate pub inn arms hotel brewery tavern bar
    hospital surgery clinic pharmacy nursing care care_home farm fc afc rfc united rovers town city golf cricket
    rugby football restaurant cafe bakery garage services station stadium caravan holiday campsite cottage cottages
    house hall retail shopping business industrial park_and_ride beach bay cathedral parish island river wood woods
    reservoir brewing theatre shopping_centre motors properties lettings records way terrace parade mews flats"""
)
"""Words that, following a short name, make it a street, a pub, a club or a home."""

_MUTATED = {
    "c": ("g", "ngh", "ch"),
    "p": ("b", "mh", "ph"),
    "t": ("d", "nh", "th"),
    "g": ("", "ng"),
    "b": ("f", "m"),
    "d": ("dd", "n"),
    "m": ("f",),
}


def mutations(name: str) -> list[str]:
    """A Welsh name with its first letter mutated ("yng Nghwm ...", "i Faes ...")."""
    if name.startswith(("ll", "rh")):
        return [name[0] + name[2:]]
    if name[:2] in ("ch", "ff", "th", "ph", "dd", "ng"):
        return []
    return [new + name[1:] for new in _MUTATED.get(name[:1], ())]


def folded(text: str) -> str:
    """One name folded, without the padding."""
    return fold_plain([text])[0].strip()


def squeezed(name: str) -> str:
    return name.replace(" ", "")


def _with_without_the(names: Iterable[str]) -> list[str]:
    """Names once each; a long name also without its article."""
    out: dict[str, None] = {}
    for name in names:
        out[name] = None
        if name.startswith("the ") and name.count(" ") >= 2:
            out[name[4:]] = None
    return [name for name in out if name]


def school_names(profile: Profile) -> list[str]:
    """Every folded form of the school's name, longest first; the trust's schools count as its own."""
    names = [folded(name) for name in (profile.name, *profile.aliases, *profile.schools)]
    before_comma = [folded(name.split(",")[0]) for name in (profile.name, *profile.schools)]
    cut = [short for name in profile.schools if (short := folded(name).rpartition(" ")[0]).count(" ")]
    return sorted(_with_without_the([*names, *before_comma, *cut]), key=len, reverse=True)


def addresses(profile: Profile) -> list[str]:
    """Domains, handles and hashtags as they fold, and the local part of a handle with a server."""
    names = set(school_names(profile))
    whole = [folded(item) for item in (*profile.domains, *profile.handles, *profile.hashtags)]
    return [item for item in dict.fromkeys(whole) if len(item) > 2 and item not in names]


def surnames(staff: Staff) -> list[str]:
    """The surname; of a double one also each part, as people shorten it ("Vane-Ashby", "Vane")."""
    written = staff.name.split()
    last = folded(written[-1]) if written else ""
    return list(dict.fromkeys([last, *last.split()])) if last else []


def first_name(staff: Staff) -> str:
    words = folded(staff.name).split()
    return words[0] if len(words) > 1 else ""


def strong_name(name: str, profile: Profile) -> bool:
    """Whether a school name says by itself which school it is: it carries one of its narrow places,
    or at least three words of which one is a school word and none an article."""
    words = name.split()
    narrow = [folded(place) for place in profile.places if folded(place) not in BROAD_PLACES]
    if any(f" {place} " in f" {name} " for place in narrow) and len(words) >= 2:
        return True
    return len(words) >= 3 and any(word in EDUCATION for word in words) and words[0] != "the"
