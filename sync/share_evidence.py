"""Evidence that more of something fails than is tolerated, whenever one looks.

Flow: failed, seen, tolerated share -> log e-value

Pure arithmetic of both sides: boxes of a ring at the centre, baskets after a swap on the box.
"""

import math

# What share might fail where something is wrong; bets on each are averaged.
BAD_SHARES = (0.05, 0.1, 0.25, 0.5, 0.9)


def share_log_e(num_failed: int, num_seen: int, tolerated: float) -> float:
    """Log evidence that more than `tolerated` fail; 0 where that can no longer be told.

    Source: mixture of likelihood ratios of a share, an e-value by Ville's inequality; Wald 1945.
    """
    bets = [
        num_failed * math.log(bad / tolerated)
        + (num_seen - num_failed) * math.log((1.0 - bad) / (1.0 - tolerated))
        for bad in BAD_SHARES
        if bad > tolerated
    ]
    if not bets:
        return 0.0
    highest = max(bets)
    return highest + math.log(sum(math.exp(bet - highest) for bet in bets) / len(bets))
