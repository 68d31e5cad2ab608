/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of words.h. Numbers stand behind a colon rather than before a noun, so that no language
 * has to bend the noun after them.
 */
#include "score/words.h"

/* clang-format off */
#define ROW(key, params, english, urdu) \
	{ STR_INIT(key), STR_INIT(params), { STR_INIT(english), STR_INIT(urdu) } },

static const struct word_row table[] = {
	/* parts of a score */
	ROW("part.prior", "",
		"Before anything is claimed",
		"کسی بھی دعوے سے پہلے کا اندازہ")
	ROW("part.source", "source category",
		"{source} says: {category}",
		"{source} کے مطابق: {category}")
	ROW("part.repeated", "source category",
		"{source} says so too ({category}), but it repeats others",
		"{source} بھی یہی کہتا ہے ({category})، مگر وہ دوسروں کی بات دہراتا ہے")
	ROW("part.unproven", "count",
		"New sources count only so much together; there are: {count}",
		"نئے ذرائع مل کر بھی ایک حد تک ہی شمار ہوتے ہیں؛ ان کی تعداد: {count}")
	ROW("part.near", "prefix count",
		"Active neighbours in {prefix}: {count}",
		"{prefix} میں سرگرم پڑوسی پتے: {count}")
	ROW("part.network", "network listed size",
		"The record of its network ({network}): {listed} of {size} are listed",
		"اس کے نیٹ ورک ({network}) کا ریکارڈ: {size} میں سے {listed} فہرست میں ہیں")
	ROW("part.episodes", "count",
		"Times it came back after it had gone: {count}",
		"فہرست سے نکل کر دوبارہ آنے کی تعداد: {count}")
	ROW("part.cap", "",
		"What lies around it counts only so much",
		"گرد و پیش کا اثر ایک حد تک ہی شمار ہوتا ہے")
	ROW("part.shared", "",
		"Many people share it",
		"اسے بہت سے لوگ مشترکہ طور پر استعمال کرتے ہیں")
	ROW("part.cloud", "",
		"It is rented by the hour",
		"یہ گھنٹوں کے حساب سے کرائے پر ملتا ہے")
	ROW("part.spoofable", "",
		"Some of the evidence can be forged",
		"کچھ شواہد جعلی ہو سکتے ہیں")
	ROW("part.hidden", "",
		"A source that may not be named to you",
		"ایک ذریعہ جس کا نام آپ کو نہیں بتایا جا سکتا")

	/* doubts */
	ROW("doubt.shared", "",
		"Many people share this address; a block would hit all of them.",
		"یہ پتا بہت سے لوگ مشترکہ طور پر استعمال کرتے ہیں؛ اسے روکنے سے سب متاثر ہوں گے۔")
	ROW("doubt.cloud", "",
		"The address is rented by the hour; somebody else may use it by now.",
		"یہ پتا گھنٹوں کے حساب سے کرائے پر ملتا ہے؛ ممکن ہے اب اسے کوئی اور استعمال کر رہا ہو۔")
	ROW("doubt.spoofable", "",
		"Some of the evidence comes from packets whose sender can be forged.",
		"کچھ شواہد ایسے پیکٹوں سے ملے ہیں جن میں بھیجنے والے کا پتا جعلی ہو سکتا ہے۔")
	ROW("doubt.stale", "",
		"A source that lists it has gone silent.",
		"اسے فہرست میں رکھنے والا ایک ذریعہ کچھ عرصے سے خاموش ہے۔")
	ROW("doubt.unproven", "",
		"Only new sources say so, which have proven nothing yet.",
		"یہ بات صرف نئے ذرائع کہتے ہیں جن کی درستی ابھی ثابت نہیں ہوئی۔")
	ROW("doubt.alone", "",
		"Only one independent source says so.",
		"یہ بات صرف ایک آزاد ذریعہ کہتا ہے۔")
	ROW("doubt.noted", "",
		"A guard list says to think twice before it is blocked.",
		"ایک حفاظتی فہرست کے مطابق اسے روکنے سے پہلے دوبارہ سوچنا چاہیے۔")
	ROW("doubt.faded", "",
		"Nobody lists it any more.",
		"اب کوئی ذریعہ اسے فہرست میں نہیں رکھتا۔")

	/* what stands above the score */
	ROW("rule.guard.never", "list",
		"A guard list ({list}) says that it is never blocked.",
		"ایک حفاظتی فہرست ({list}) کے مطابق اسے کبھی نہیں روکا جاتا۔")
	ROW("rule.guard.ask", "list",
		"A guard list ({list}) says that a person must decide before it is blocked.",
		"ایک حفاظتی فہرست ({list}) کے مطابق اسے روکنے کا فیصلہ کوئی شخص ہی کر سکتا ہے۔")
	ROW("rule.guard.note", "list",
		"A guard list ({list}) says to think twice before it is blocked.",
		"ایک حفاظتی فہرست ({list}) کے مطابق اسے روکنے سے پہلے دوبارہ سوچنا چاہیے۔")
	ROW("rule.override.allow", "indicator",
		"A person has allowed {indicator}.",
		"ایک ذمہ دار شخص نے {indicator} کو اجازت دی ہے۔")
	ROW("rule.override.block", "indicator",
		"A person has blocked {indicator}.",
		"ایک ذمہ دار شخص نے {indicator} کو روکا ہے۔")
	ROW("rule.owner", "owner ends reason",
		"{owner} answers for it until {ends}: {reason}",
		"اس کے ذمہ دار: {owner}؛ آخری تاریخ: {ends}؛ وجہ: {reason}")

	/* what is done */
	ROW("action.none", "", "not listed", "فہرست میں نہیں")
	ROW("action.watch", "", "watched", "زیرِ نگرانی")
	ROW("action.challenge", "", "challenged", "تصدیق مطلوب")
	ROW("action.block", "", "blocked", "روکا گیا")
	ROW("action.allow", "", "allowed", "اجازت یافتہ")

	/* the questions that have a score each */
	ROW("role.src", "", "attacks come from it", "اس سے حملے ہوتے ہیں")
	ROW("role.dst", "", "victims connect to it", "متاثرہ نظام اس سے رابطہ کرتے ہیں")
	ROW("role.policy", "", "a fact about it", "اس کے بارے میں ایک حقیقت")

	/* sentences of an explanation without numbers behind them */
	ROW("plain.unknown", "indicator",
		"Nothing is claimed about {indicator}; it is not listed.",
		"{indicator} کے بارے میں کوئی دعویٰ موجود نہیں؛ یہ فہرست میں نہیں ہے۔")
	ROW("plain.none", "indicator",
		"{indicator} is not listed.",
		"{indicator} فہرست میں نہیں ہے۔")
	ROW("plain.watch", "indicator",
		"{indicator} is watched, not blocked.",
		"{indicator} زیرِ نگرانی ہے، اسے روکا نہیں جاتا۔")
	ROW("plain.challenge", "indicator",
		"{indicator} is let through only after a check.",
		"{indicator} کو صرف تصدیق کے بعد رسائی ملتی ہے۔")
	ROW("plain.block", "indicator",
		"{indicator} is blocked.",
		"{indicator} کو روکا جاتا ہے۔")
	ROW("plain.allow", "indicator",
		"{indicator} is allowed, whatever is claimed about it.",
		"{indicator} کو اجازت ہے، چاہے اس کے بارے میں کچھ بھی کہا جائے۔")
	ROW("plain.score.src", "score",
		"The chance that an independent source reports attacks from it within 7 days: "
		"{score} in 100.",
		"7 دن کے اندر کسی آزاد ذریعے سے اس کے حملوں کی اطلاع ملنے کا امکان: 100 میں سے "
		"{score}۔")
	ROW("plain.score.dst", "score",
		"The chance that an independent source reports within 7 days that victims connect "
		"to it: {score} in 100.",
		"7 دن کے اندر کسی آزاد ذریعے سے یہ اطلاع ملنے کا امکان کہ متاثرہ نظام اس سے رابطہ "
		"کرتے ہیں: 100 میں سے {score}۔")
	ROW("plain.score.policy", "score",
		"The chance that an independent source says the same of it within 7 days: "
		"{score} in 100.",
		"7 دن کے اندر کسی آزاد ذریعے سے اس حقیقت کی تصدیق کا امکان: 100 میں سے {score}۔")
	ROW("plain.guess", "",
		"That is a rough guess, because nothing was learned here yet.",
		"یہ محض ایک موٹا اندازہ ہے، کیونکہ یہاں ابھی تک کچھ سیکھا نہیں گیا۔")
	ROW("plain.claim", "source category seen",
		"{source} reports {category}, last on {seen}.",
		"{source} کی اطلاع: {category}، آخری بار {seen} کو۔")
	ROW("plain.claim.ended", "source category seen",
		"{source} reported {category}, last on {seen}, and does not list it any more.",
		"{source} کی اطلاع: {category}، آخری بار {seen} کو؛ اب وہ اسے فہرست میں نہیں رکھتا۔")
	ROW("plain.until", "date",
		"If nothing new is seen, this ends on {date}.",
		"اگر کچھ نیا سامنے نہ آیا تو یہ {date} کو ختم ہو جائے گا۔")
	ROW("plain.mistake", "",
		"If this is a mistake, tell whoever runs this service, with the address and the "
		"reason; a person can allow it at once.",
		"اگر یہ غلطی ہے تو اس خدمت کے منتظمین کو پتا اور وجہ لکھ کر بتائیں؛ ایک ذمہ دار شخص "
		"اسے فوراً اجازت دے سکتا ہے۔")

	ROW("word.unknown", "", "unknown", "نامعلوم")
	ROW("word.confidential", "", "its name is confidential", "نام خفیہ ہے")

	/* categories, as in the middle of a sentence */
	ROW("category.spam", "", "spam", "سپیم")
	ROW("category.harmful-speech", "", "harmful speech", "نفرت انگیز یا نقصان دہ مواد")
	ROW("category.violence", "", "violent or abusive content", "پُرتشدد یا استحصالی مواد")
	ROW("category.infected-system", "", "an infected system", "متاثرہ نظام")
	ROW("category.c2-server", "", "a command and control server",
		"حملہ آوروں کا کنٹرول سرور")
	ROW("category.malware-distribution", "", "distribution of malware",
		"مضر سافٹ ویئر کی تقسیم")
	ROW("category.malware-configuration", "", "configuration of malware",
		"مضر سافٹ ویئر کی ترتیبات")
	ROW("category.scanner", "", "scanning", "نیٹ ورک سکیننگ")
	ROW("category.sniffing", "", "sniffing", "ٹریفک کی خفیہ نگرانی")
	ROW("category.social-engineering", "", "social engineering", "سوشل انجینئرنگ")
	ROW("category.ids-alert", "", "exploitation of a known vulnerability",
		"معلوم کمزوری سے فائدہ اٹھانے کی کوشش")
	ROW("category.brute-force", "", "login attempts", "لاگ اِن کی بار بار کوششیں")
	ROW("category.exploit", "", "an attack of a new kind", "نئی قسم کا حملہ")
	ROW("category.privileged-account-compromise", "", "compromise of a privileged account",
		"خصوصی اختیارات والے اکاؤنٹ پر قبضہ")
	ROW("category.unprivileged-account-compromise", "", "compromise of an account",
		"عام اکاؤنٹ پر قبضہ")
	ROW("category.application-compromise", "", "compromise of an application",
		"ایپلیکیشن پر قبضہ")
	ROW("category.system-compromise", "", "compromise of a system", "نظام پر قبضہ")
	ROW("category.burglary", "", "burglary", "نقب زنی")
	ROW("category.dos", "", "denial of service", "خدمت معطل کرنے کا حملہ")
	ROW("category.ddos", "", "distributed denial of service",
		"بہت سے نظاموں سے خدمت معطل کرنے کا حملہ")
	ROW("category.misconfiguration", "", "misconfiguration", "غلط ترتیب")
	ROW("category.sabotage", "", "sabotage", "تخریب کاری")
	ROW("category.outage", "", "an outage", "خدمت کی بندش")
	ROW("category.unauthorised-information-access", "", "unauthorised access to information",
		"معلومات تک بلا اجازت رسائی")
	ROW("category.unauthorised-information-modification", "",
		"unauthorised modification of information", "معلومات میں بلا اجازت تبدیلی")
	ROW("category.data-loss", "", "data loss", "ڈیٹا کا ضیاع")
	ROW("category.data-leak", "", "a leak of confidential information",
		"خفیہ معلومات کا افشا")
	ROW("category.unauthorised-use-of-resources", "", "unauthorised use of resources",
		"وسائل کا بلا اجازت استعمال")
	ROW("category.copyright", "", "breach of copyright", "حقوقِ اشاعت کی خلاف ورزی")
	ROW("category.masquerade", "", "masquerade", "کسی اور کا روپ دھارنا")
	ROW("category.phishing", "", "phishing", "فشنگ")
	ROW("category.weak-crypto", "", "weak cryptography", "کمزور خفیہ نگاری")
	ROW("category.ddos-amplifier", "", "a service that amplifies attacks",
		"حملوں کو بڑھانے والی خدمت")
	ROW("category.potentially-unwanted-accessible", "", "a service that should not be open",
		"ایسی خدمت جو سب کے لیے کھلی نہیں ہونی چاہیے")
	ROW("category.information-disclosure", "", "disclosure of information",
		"معلومات کا ظاہر ہونا")
	ROW("category.vulnerable-system", "", "a vulnerable system", "غیر محفوظ نظام")
	ROW("category.other", "", "something else", "دیگر")
	ROW("category.undetermined", "", "something undetermined", "غیر متعین")
	ROW("category.test", "", "a test", "آزمائش")
	ROW("category.tor", "", "Tor", "ٹور نیٹ ورک")
	ROW("category.vpn", "", "a VPN or proxy", "وی پی این یا پراکسی")
	ROW("category.end-user-range", "", "addresses of end users", "عام صارفین کے پتے")
	ROW("category.hosting", "", "hosting or a data centre", "ہوسٹنگ یا ڈیٹا سینٹر")
	ROW("category.hijacked-prefix", "", "a hijacked or unassigned prefix",
		"ہتھیایا ہوا یا غیر مختص نیٹ ورک")
};
/* clang-format on */

size_t words_table(const struct word_row **out)
{
	*out = table;
	return ARRAY_LEN(table);
}
