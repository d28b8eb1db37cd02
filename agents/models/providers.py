"""The providers that a model's name can mean, one row of data each: prefix, address, protocol, key variables, hosts, names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class Protocol(StrEnum):
    """How a provider is asked."""

    OPENAI = "responses at OpenAI and Azure, chat completions at every other address"
    CHAT = "chat completions"
    RESPONSES = "responses"
    ANTHROPIC = "messages"
    BRIDGE = "pydantic-ai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider of models.

    `prefixes` stand before a colon in a model's name; the first is the one that is shown. `example` is a model's name. `url` is the base
    URL. `url_variable` names the environment variable that has another one, and that host is the provider's, too. `hosts` are all others
    that may get its keys: exact, with a port, or "*.DOMAIN". `key_variables` name the environment variables that may hold the key, the
    first one that is set counts; `key_starts` are what its keys begin with, where nobody else's do. `bare_names` is a pattern of the names
    that mean this provider without its prefix: only names that nobody else serves. `header_variables` are headers, with the variables that
    hold them, for the provider's hosts only.
    """

    title: str
    prefixes: tuple[str, ...]
    example: str
    url: str = ""
    protocol: Protocol = Protocol.CHAT
    hosts: tuple[str, ...] = ()
    key_variables: tuple[str, ...] = ()
    needs_key: bool = True
    key_starts: tuple[str, ...] = ()
    url_variable: str = ""
    bare_names: str = ""
    header_variables: tuple[tuple[str, str], ...] = ()

    @property
    def prefix(self) -> str:
        """Return the prefix that is shown."""
        return self.prefixes[0]

    @property
    def spelling(self) -> str:
        """Return an example of a whole name."""
        return f"{self.prefix}:{self.example}"


_OPENAI_HOSTS = ("api.openai.com", "*.api.openai.com")  # the second: eu.api.openai.com, ...
_ORGANIZATION = (("OpenAI-Organization", "OPENAI_ORG_ID"), ("OpenAI-Project", "OPENAI_PROJECT_ID"))

PROVIDERS = (
    Provider(
        title="OpenAI",
        prefixes=("openai",),
        example="gpt-5.6",
        url="https://api.openai.com/v1",
        protocol=Protocol.OPENAI,
        hosts=_OPENAI_HOSTS,
        key_variables=("OPENAI_API_KEY",),
        key_starts=("sk-proj-", "sk-svcacct-"),
        url_variable="OPENAI_BASE_URL",
        # gpt-oss, gpt-2 and gpt-neo are open, and served by many; only the names of tuned models have colons.
        bare_names=r"ft:(gpt-|o\d|davinci-|babbage-)|(gpt-([3-9]|\d\d)[^:]*|o\d(-[^:]*)?|(chatgpt|codex|computer-use)-[^:]*)$",
        header_variables=_ORGANIZATION,
    ),
    Provider(
        title="OpenAI's chat completions",
        prefixes=("openai-chat",),
        example="gpt-5.6",
        url="https://api.openai.com/v1",
        hosts=_OPENAI_HOSTS,
        key_variables=("OPENAI_API_KEY",),
        key_starts=("sk-proj-", "sk-svcacct-"),
        url_variable="OPENAI_BASE_URL",
        header_variables=_ORGANIZATION,
    ),
    Provider(
        title="OpenAI's responses",
        prefixes=("openai-responses",),
        example="gpt-5.6",
        url="https://api.openai.com/v1",
        protocol=Protocol.RESPONSES,
        hosts=_OPENAI_HOSTS,
        key_variables=("OPENAI_API_KEY",),
        key_starts=("sk-proj-", "sk-svcacct-"),
        url_variable="OPENAI_BASE_URL",
        header_variables=_ORGANIZATION,
    ),
    Provider(
        title="Azure",
        prefixes=("azure", "azure-openai"),
        example="DEPLOYMENT",
        protocol=Protocol.OPENAI,
        hosts=(
            "*.openai.azure.com",
            "*.services.ai.azure.com",
            "*.cognitiveservices.azure.com",
            "*.openai.azure.us",
            "*.openai.azure.cn",
        ),
        key_variables=("AZURE_OPENAI_API_KEY",),
        url_variable="AZURE_OPENAI_ENDPOINT",
    ),
    Provider(
        title="Anthropic",
        prefixes=("anthropic", "claude"),
        example="claude-sonnet-4-5",
        url="https://api.anthropic.com/v1",
        protocol=Protocol.ANTHROPIC,
        key_variables=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        key_starts=("sk-ant-",),
        url_variable="ANTHROPIC_BASE_URL",
        bare_names=r"claude-[^@:]*$",  # Vertex and Bedrock put a version after "@" or ":"
    ),
    Provider(
        title="Google",
        prefixes=("google", "gemini", "google-gla"),
        example="gemini-3-pro",
        url="https://generativelanguage.googleapis.com/v1beta/openai",
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        key_starts=("AIza",),
        bare_names=r"(models/)?gemini-[^:]*$",
    ),
    Provider(
        title="Google Cloud (Vertex AI)",
        prefixes=("vertex", "vertexai", "google-vertex", "google-cloud"),
        example="gemini-3-pro",
        protocol=Protocol.BRIDGE,
        needs_key=False,
    ),
    Provider(
        title="Amazon Bedrock",
        prefixes=("bedrock",),
        example="us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        protocol=Protocol.BRIDGE,
        needs_key=False,
        bare_names=r"arn:aws[\w-]*:bedrock:|([a-z-]{2,6}\.)?(ai21|amazon|anthropic|cohere|deepseek|meta|minimax|mistral|moonshot|nvidia|openai|qwen|writer)\.[a-z]",
    ),
    Provider(
        title="a provider of pydantic-ai",
        prefixes=("pydantic-ai",),
        example="groq:openai/gpt-oss-120b",
        protocol=Protocol.BRIDGE,
        needs_key=False,
    ),
    Provider(
        title="OpenRouter",
        prefixes=("openrouter",),
        example="openai/gpt-5.6",
        url="https://openrouter.ai/api/v1",
        key_variables=("OPENROUTER_API_KEY",),
        key_starts=("sk-or-",),
    ),
    Provider(
        title="Groq",
        prefixes=("groq",),
        example="openai/gpt-oss-120b",
        url="https://api.groq.com/openai/v1",
        key_variables=("GROQ_API_KEY",),
        key_starts=("gsk_",),
    ),
    Provider(
        title="DeepSeek",
        prefixes=("deepseek",),
        example="deepseek-chat",
        url="https://api.deepseek.com",
        key_variables=("DEEPSEEK_API_KEY",),
        bare_names=r"deepseek-(chat|reasoner|v4)[^:]*$",  # its older models are open, and run by many under these names
    ),
    Provider(
        title="Moonshot AI (Kimi)",
        prefixes=("moonshot", "kimi", "moonshotai"),
        example="kimi-k2-thinking",
        url="https://api.moonshot.ai/v1",
        hosts=("api.moonshot.cn",),
        key_variables=("MOONSHOT_API_KEY", "MOONSHOTAI_API_KEY"),
        bare_names=r"(kimi|moonshot)-[^:]*$",
    ),
    Provider(
        title="Mistral",
        prefixes=("mistral", "mistralai"),
        example="mistral-large-latest",
        url="https://api.mistral.ai/v1",
        key_variables=("MISTRAL_API_KEY",),
        # Others run mistral-nemo, mistral-small3.2, codestral, ...; Mistral's own names end in -latest or a date.
        bare_names=r"(ft:)?(mistral-(small|medium|large)$|open-\w*[sx]tral-|\w*[sx]tral-[\w.-]*(latest|\d{4})(:|$))",
    ),
    Provider(
        title="xAI",
        prefixes=("xai", "x-ai", "grok"),
        example="grok-4",
        url="https://api.x.ai/v1",
        hosts=("*.api.x.ai",),
        key_variables=("XAI_API_KEY",),
        key_starts=("xai-",),
        bare_names=r"grok-[^:]*$",
    ),
    Provider(
        title="Together AI",
        prefixes=("together", "togetherai"),
        example="openai/gpt-oss-120b",
        url="https://api.together.xyz/v1",
        hosts=("api.together.ai",),
        key_variables=("TOGETHER_API_KEY",),
    ),
    Provider(
        title="Fireworks AI",
        prefixes=("fireworks", "fireworks-ai"),
        example="accounts/fireworks/models/gpt-oss-120b",
        bare_names=r"accounts/[\w-]+/\w+/",
        url="https://api.fireworks.ai/inference/v1",
        key_variables=("FIREWORKS_API_KEY",),
        key_starts=("fw_",),
    ),
    Provider(
        title="Cerebras",
        prefixes=("cerebras",),
        example="gpt-oss-120b",
        url="https://api.cerebras.ai/v1",
        key_variables=("CEREBRAS_API_KEY",),
        key_starts=("csk-",),
    ),
    Provider(
        title="Cohere",
        prefixes=("cohere",),
        example="command-a-03-2025",
        url="https://api.cohere.ai/compatibility/v1",
        hosts=("api.cohere.com",),
        key_variables=("COHERE_API_KEY", "CO_API_KEY"),
        bare_names=r"command-[\w-]*-\d\d-\d{4}$",
    ),
    Provider(
        title="Perplexity",
        prefixes=("perplexity",),
        example="sonar-pro",
        url="https://api.perplexity.ai",
        key_variables=("PERPLEXITY_API_KEY",),
        key_starts=("pplx-",),
        bare_names=r"sonar(-[^:]*)?$",
    ),
    Provider(
        title="Alibaba Cloud (DashScope)",
        prefixes=("alibaba", "dashscope"),
        example="qwen3-max",
        url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        hosts=("dashscope.aliyuncs.com", "dashscope-us.aliyuncs.com"),
        key_variables=("DASHSCOPE_API_KEY", "ALIBABA_API_KEY"),
        bare_names=r"qwen[\d.]*-(max|plus|turbo|flash)[^:]*$",
    ),
    Provider(
        title="Z.ai",
        prefixes=("zai",),
        example="glm-4.6",
        url="https://api.z.ai/api/paas/v4",
        key_variables=("ZAI_API_KEY",),
    ),
    Provider(
        title="NVIDIA",
        prefixes=("nvidia",),
        example="openai/gpt-oss-120b",
        url="https://integrate.api.nvidia.com/v1",
        key_variables=("NVIDIA_API_KEY",),
        key_starts=("nvapi-",),
    ),
    Provider(
        title="SambaNova",
        prefixes=("sambanova",),
        example="gpt-oss-120b",
        url="https://api.sambanova.ai/v1",
        key_variables=("SAMBANOVA_API_KEY",),
    ),
    Provider(
        title="DeepInfra",
        prefixes=("deepinfra",),
        example="openai/gpt-oss-120b",
        url="https://api.deepinfra.com/v1/openai",
        key_variables=("DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"),
    ),
    Provider(
        title="Hugging Face",
        prefixes=("huggingface", "hf"),
        example="openai/gpt-oss-120b",
        url="https://router.huggingface.co/v1",
        key_variables=("HF_TOKEN",),
        key_starts=("hf_",),
    ),
    Provider(
        title="GitHub Models",
        prefixes=("github",),
        example="openai/gpt-5-mini",
        url="https://models.github.ai/inference",
        key_variables=("GITHUB_API_KEY", "GITHUB_TOKEN"),
        key_starts=("ghp_", "github_pat_"),
    ),
    Provider(
        title="Ollama",
        prefixes=("ollama",),
        example="qwen3",
        url="http://localhost:11434/v1",
        hosts=("ollama.com",),
        key_variables=("OLLAMA_API_KEY",),
        needs_key=False,
        url_variable="OLLAMA_HOST",
    ),
    Provider(
        title="LM Studio",
        prefixes=("lmstudio", "lm-studio"),
        example="openai/gpt-oss-20b",
        url="http://localhost:1234/v1",
        key_variables=("LM_API_TOKEN",),
        needs_key=False,
    ),
    Provider(
        title="vLLM",
        prefixes=("vllm",),
        example="Qwen/Qwen3-8B",
        url="http://localhost:8000/v1",
        key_variables=("VLLM_API_KEY",),
        needs_key=False,
    ),
    Provider(
        title="llama.cpp",
        prefixes=("llamacpp", "llama.cpp", "llama-cpp"),
        example="qwen3",
        url="http://localhost:8080/v1",
        key_variables=("LLAMA_API_KEY",),
        needs_key=False,
    ),
)

LOCAL = "local"
"""The prefix of a model that is served in this process; see `LocalModel`."""


@cache
def get_prefixes() -> dict[str, Provider]:
    """Return the provider of each prefix."""
    return {prefix: provider for provider in PROVIDERS for prefix in provider.prefixes}


def find_by_key(key: str) -> Provider | None:
    """Return the provider that a key is of, as far as its beginning tells."""
    return next((each for each in PROVIDERS if each.key_starts and key.startswith(each.key_starts)), None)


def find_by_bare_name(name: str) -> Provider | None:
    """Return the provider that alone can be meant by a name without a prefix; None where it may be served by several, or by nobody."""
    import re  # late, for load time

    if re.search(r"\s", name):
        return None
    return next((each for each in PROVIDERS if each.bare_names and re.match(each.bare_names, name, re.I)), None)
