"""Matrix Synapse's admin API: accounts, messages, media and rooms contained, and taken back where it can be.

Each module is one family of calls; `platform` lists them all and keeps the contract. Settings: `base_url`,
`access_token_from` (an administrator's), `timeout`, `at_once`.
"""

from firedoor.connectors.synapse.platform import SynapsePlatform

__all__ = ["SynapsePlatform"]
