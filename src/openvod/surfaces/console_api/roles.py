"""Which role an action of the server API asks for. A test keeps the table complete."""

from __future__ import annotations

from collections.abc import Mapping

from openvod.access.account_model import Role

_TEMPLATE_KINDS = (
    "Transcode", "SnapshotByTimeOffset", "SampleSnapshot", "ImageSprite", "AnimatedGraphics",
    "AdaptiveDynamicStreaming", "Review", "ContentReview", "Watermark", "Procedure",
)  # fmt: skip

_VIEWER = (
    "DescribeMediaInfos", "SearchMedia", "DescribeTaskDetail", "DescribeTasks", "DescribeAllClass",
    "DescribeStorageRegions", "DescribeSubAppIds", "DescribeEventsState",
    "ParseStreamingManifest", *(f"Describe{kind}Templates" for kind in _TEMPLATE_KINDS),
)  # fmt: skip
_OPERATOR = (
    "ApplyUpload", "CommitUpload", "PullUpload", "ModifyMediaInfo", "DeleteMedia", "ForbidMediaDistribution",
    "ProcessMedia", "ProcessMediaByProcedure", "ReviewAudioVideo", "ManageTask", "CreateClass", "ModifyClass",
    "DeleteClass", "PullEvents", "ConfirmEvents", "DescribeEventConfig",
    *(f"{verb}{kind}Template" for kind in _TEMPLATE_KINDS for verb in ("Create", "Modify", "Delete")
      if (verb, kind) != ("Modify", "Procedure")),
    "ResetProcedureTemplate",
)  # fmt: skip
#: What tells or changes secrets, addresses that events go to, and what touches whole applications.
_ADMIN = (
    "ModifyEventConfig", "CreateStorageRegion", "ModifyDefaultStorageRegion", "CreateSubAppId", "ModifySubAppIdInfo",
    "ModifySubAppIdStatus", "DescribeVodDomains", "ModifyVodDomainConfig", "CreateVodDomain", "DeleteVodDomain",
    "DescribeDefaultDistributionConfig", "ModifyDefaultDistributionConfig",
)  # fmt: skip

ROLE_OF_ACTION: Mapping[str, Role] = {
    **dict.fromkeys(_VIEWER, Role.VIEWER),
    **dict.fromkeys(_OPERATOR, Role.OPERATOR),
    **dict.fromkeys(_ADMIN, Role.ADMIN),
}
