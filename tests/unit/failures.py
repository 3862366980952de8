"""Failures for tests: codes and causes by what the order of decision makes of them, written by hand,
and any failure under any profile.
"""

from hypothesis import strategies as st

from bellhop.profiles import Entry, Profile
from bellhop.reason import LOCATIONS
from bellhop.recursion import Failure

STOP_LIST = {401, 407, 481, 482, 484, 485, 486}  # stop whatever the cause
OPEN_4XX = [code for code in range(400, 500) if code not in STOP_LIST]
EMPTY = [None, 0, 16, 30, 31, 40, 83, 84, 85, 86, 127]  # say nothing: the code decides
UNASSIGNED = [13, 15, 32, 35, 45, 52, 126, 128, -1, 1000]
ANY_CAUSE = st.none() | st.integers(-5, 300)
FACTS = st.fixed_dictionaries(
    {
        "cause": ANY_CAUSE,
        "location": st.none() | st.sampled_from(sorted(LOCATIONS)) | st.text(max_size=3),
        "conflicting": st.booleans(),
        "rang": st.booleans(),
        "cancelled": st.booleans(),
        "replied": st.booleans(),
        "trusted": st.booleans(),
    }
)
CODES = st.none() | st.integers(300, 699) | st.integers()
FAILURES = st.builds(lambda code, facts: Failure(code, **facts), CODES, FACTS)
ENTRIES = st.sampled_from(
    [Entry("stop", "profile x: stop"), Entry("advance", "profile x: advance")]
)
PROFILES = st.builds(
    Profile,
    name=st.just("x"),
    codes=st.dictionaries(st.integers(400, 699).map(str) | st.sampled_from(["4xx", "5xx", "6xx"])
                          | st.sampled_from(["486/34", "4xx/17", "5xx/17@U", "603/1@LN", "404/1"]),
                          ENTRIES, max_size=4),
    causes=st.dictionaries(
        st.integers(1, 127).map(str) | st.sampled_from(["21@U", "1@LN", "17@U", "34@TN"]),
        ENTRIES, max_size=4),
    on_480=st.sampled_from(["by-ringing", "advance", "stop"]),
    redirect=st.sampled_from(["relay", "follow", "fail"]),
    causes_first=st.booleans(),
    refine_5xx=st.booleans(),
    trust_6xx=st.booleans(),
    trust_reason=st.booleans(),
    advance_after_18x=st.booleans(),
)  # fmt: skip
