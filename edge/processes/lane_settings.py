"""The configuration of a lane in the words of edge/basket; the basket and its shadow use the same.

Flow: EdgeConfig -> RuleSettings, FusionSettings
"""

from edge.basket.fusion import FusionSettings
from edge.basket.judgement import RuleSettings
from edge.config import EdgeConfig


def rule_settings(config: EdgeConfig) -> RuleSettings:
    """When items become lines and questions."""
    knobs = config.basket
    return RuleSettings(
        wait_views_ms=knobs.wait_views_ms,
        ask_after_ms=knobs.ask_after_ms,
        unknown_after_ms=knobs.unknown_after_ms,
        walk_away_s=knobs.walk_away_s,
        walk_away_to=knobs.walk_away_to,
        paid_screen_s=knobs.paid_screen_s,
        clear_s=knobs.clear_s,
        blind_after_ms=knobs.blind_after_ms,
        language=config.kiosk.language,
    )


def fusion_settings(config: EdgeConfig) -> FusionSettings:
    """How cameras are brought together."""
    knobs = config.basket
    return FusionSettings(
        pairing_window_ms=knobs.pairing_window_ms, gone_after_ms=knobs.gone_after_ms
    )
