"""PromptLayer's released clients."""

PYTHON = "promptlayer==1.5.16"
JAVASCRIPT = "promptlayer@1.3.6"
