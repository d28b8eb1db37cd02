"""Marks and words of walls: see walls.py, which looks at how much of a page they are."""

from __future__ import annotations

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)


CHALLENGE = (
    "_cf_chl_opt", "challenge-platform/h/", "cf-browser-verification", "challenge-form", "challenge-running", "challenge-stage",
    "cf-error-details", "__cf_chl_", "geo.captcha-delivery.com", "ct.captcha-delivery.com", "px-captcha", "captcha.px-cdn",
    "captcha.px-cloud", "_pxblockedurl", "pxcaptchasrc", "sec-if-cpt", "sec-cpt-if", "/_sec/cp_challenge", "bm-verify=",
    "errors.edgesuite.net", "incapsula incident", "_incapsula_resource?cwudnsai", "distil_ident_block", "distil_identification_block",
    "distil_r_captcha", "gokuprops", "captcha.awswaf", "/errors/validatecaptcha", "sucuri_cloudproxy_js", ".well-known/ddos-guard",
    ".well-known/vercel/security", ".well-known/sgcaptcha", "anubis_challenge", "within.website/x/cmd/anubis", "validate.perfdrive.com",
    "window[\"bobcmn", "window['bobcmn", "ips.js?kp_uidz", "checkcaptcha", "id=\"captcha-form", "id='captcha-form", "id=captcha-form",
    "imunify360-captcha", "go-away-challenge", "haproxy-protection",
)  # fmt: skip
"""Marks of the page of a check, in small letters. Pages that the same services only watch do not have them."""
WIDGETS = (
    "g-recaptcha", "h-captcha", "cf-turnstile", "frc-captcha", "mtcaptcha", "geetest", "smart-captcha", "<altcha-widget", "captcha-box",
    "captcha-container", "class=\"captcha\"", "class='captcha'", "challenges.cloudflare.com/turnstile", "hcaptcha.com/1/api",
    "recaptcha/api.js", "recaptcha/enterprise.js", "arkoselabs.com", "name=\"captcha", "name='captcha", "name=captcha", "/captcha.",
)  # fmt: skip
"""Captchas, which stand in walls and in ordinary forms."""
HUMAN = _any(
    r"(?:think|thought|believe)\b.{0,20}\byou\b.{0,30}\b(?:ro)?(?:bot|automat\w*)\b",
    r"(?:disabled|preventing|blocked)\b.{0,20}\b(?:cookies|javascript)|(?:cookies|javascript)\b.{0,30}\b(?:enabled|disabled)\b",
    r"super-?human speed",
    r"\b(?:aktivieren|erlauben)\b.{0,20}\b(?:javascript|cookies)",
    r"(?:verif|confirm|prove|check|make sure|ensur)\w*\b.{0,40}\b(?:human|not a (?:ro)?bot|real person)",
    r"(?:are you|i'?m|i am|you'?re) (?:not )?a (?:human|robot|bot)\b",
    r"robot check",
    r"human verification",
    r"unusual (?:traffic|activity)",
    r"checking (?:your browser|if the site connection)",
    r"(?:solve|complete|enter)\b.{0,30}\b(?:captcha|puzzle|characters you see|security check)",
    r"pardon our interruption",
    r"automated (?:access|requests|queries|traffic)",
    r"enable (?:javascript|js|cookies)\b.{0,60}\b(?:cookies|javascript|continue|ad ?blocker)",
    r"needs to review the security",
    r"kein\w* (?:ro)?bot(?:er)?\b",
    r"(?:mensch|kein roboter)\b.{0,20}\bsind",
    r"ungew[öo]hnliche\w* (?:aktivit|datenverkehr)",
    r"sicherheits(?:pr[üu]fung|[üu]berpr[üu]fung)",
    r"(?:überpr[üu]f|pr[üu]f)\w*\b.{0,40}\b(?:browser|verbindung|mensch)",
    r"(?:javascript|cookies)\b.{0,30}\b(?:aktivieren|zulassen|einschalten)",
    r"ロボットではあ?りません",
    r"ロボットではない",
    r"人間であることを",
    r"人間である(?:か|かどうか)を?確認",
    r"不正なアクセス",
    r"(?:javascript|cookie|クッキー).{0,20}有効に",
    r"画像認証",
    r"セキュリティ(?:チェック|確認)",
    r"pas un robot",
    r"[êe]tes (?:bien )?humain",
    r"no (?:eres|soy) un robot",
    r"non sono un robot",
    r"não [ée] um rob[ôo]",
    r"로봇이 아닙니다",
    r"人机验证",
    r"验证您是真人",
    r"我不是机器人",
)
"""What a check asks for."""
REFUSED = _any(
    r"access (?:to this (?:page|site|resource) )?(?:has been |is |was )?(?:denied|blocked|restricted|limited)",
    r"you have been blocked",
    r"request (?:rejected|blocked|unsuccessful)",
    r"requested url was rejected",
    r"attention required",
    r"just a moment",
    r"one moment,? please",
    r"zugriff (?:wurde )?(?:verweigert|blockiert|gesperrt)",
    r"(?:nur )?einen (?:kurzen )?moment",
    r"アクセスが?(?:拒否|制限|ブロック)",
    r"しばらくお待ちください",
    r"acc[èe]s (?:refus|bloqu)",
    r"acceso denegado",
    r"accesso negato",
    r"acesso negado",
    r"un (?:instant|momento)",
)
"""What a refusal is headed with."""
TRACE = _any(
    r"\b(?:ray|reference|incident|support|request|event|block|error|fehler|referenz|vorgangs?)[\s-]?(?:id|#|nr|number|nummer|code)?"
    r"(?:\sis)?\s?[#:]\s?\S*\d",
    r"reference #",
    r"your ip\b",
    r"ip[-\s]adress?e?",
    r"ipアドレス",
    r"on this server",
    r"security (?:service|solution|policy)",
    r"site (?:owner|administrator)",
    r"firewall",
    r"webmaster",
    r"wordfence",
    r"cloudflare",
)
"""What a refusal gives to be asked about."""
LOGIN = _any(
    r"\b(?:log\s?-?in|sign\s?-?in|anmeld\w*|einloggen|connexion|se connecter|iniciar sesi[óo]n|accedi|inloggen|logga in)\b",
    "ログイン",
    "サインイン",
    "登录",
    "로그인",
)
"""Words over a form to log in."""
MEMBERS = _any(
    r"(?:log|sign)\s?(?:in|up)\b.{0,40}\bto\s(?:view|see|read|continue|access|use)",
    r"(?:must|need\sto|have\sto|please)\s(?:be\s)?(?:log|sign)\w*\s?in",
    r"(?:members?|subscribers?|registered\susers?)\sonly",
    r"only\s(?:for|available\sto)\s(?:members|subscribers|registered)",
    r"(?:bitte|m[üu]ssen|um)\b.{0,60}\b(?:anmelden|einloggen|anzumelden|einzuloggen|angemeldet|eingeloggt)",
    r"anmeldung\serforderlich",
    r"nur\sf[üu]r\s(?:mitglieder|registrierte|angemeldete)",
    r"ログイン(?:して|が必要|後に)",
    r"会員(?:限定|専用)",
    r"(?:connectez|identifiez)-vous\spour",
    r"inicie?\w*\ssesi[óo]n\spara",
)
"""What a page says that is for members only."""
CONSENT = _any(
    r"cookie",
    r"consent",
    r"personal(?:i[sz]ed)?\s(?:data|ads|content|advert)",
    r"privacy",
    r"partners",
    r"tracking",
    r"datenschutz",
    r"einwillig",
    r"zustimm",
    r"personenbezogen",
    r"werbung",
    r"nutzungsverhalten",
    r"endger[äa]t",
    r"gdpr",
    r"dsgvo",
    r"rgpd",
    r"クッキー",
    r"同意",
    r"個人情報",
    r"consentement",
    r"consentimiento",
    r"privacidad",
)
"""What a request for consent speaks of."""
ACCEPT = _any(
    r"\b(?:accept|agree|allow|akzeptier|zustimm|einverstanden|annehmen|accepter|acepta|accetta|aceitar|accepteer)\w*",
    r"同意",
    r"許可",
)
"""What its button says."""
