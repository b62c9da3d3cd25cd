// Requests for one picture have one canonical URI.

#include "core/text.h"
#include "image/dialect.h"

#include <gtest/gtest.h>

#include <random>

namespace cdn::image {
namespace {

const Source source{"", "/a.jpg", ""};

std::string canonical(Options options, const Negotiated &negotiated = {})
{
    const auto request = resolve(options, source, negotiated);
    return request ? print_canonical(*request) : request.error().message;
}

using Parser = Parsed (*)(RawUrl);

// What a URL's own words come to, its dialect's defaults under them.
std::string uri(Parser parse, std::string_view target, const Negotiated &negotiated = {})
{
    const auto [path, query, has_query] = cut(target, '?');
    const auto parsed = parse({path, query});
    if (!parsed || !*parsed) {
        return parsed ? "no option" : parsed.error().message;
    }

    Options options = (*parsed)->options;
    options.lay_over((*parsed)->defaults);
    return canonical(options, negotiated);
}

std::string cloudflare(const std::string &options)
{
    return uri(parse_cloudflare, "/cdn-cgi/image/" + options + "/a.jpg");
}

std::string bunnycdn(const std::string &query) { return uri(parse_bunnycdn, "/a.jpg?" + query); }
std::string keycdn(const std::string &query) { return uri(parse_keycdn, "/a.jpg?" + query); }
std::string fastly(const std::string &query) { return uri(parse_fastly, "/a.jpg?" + query); }
std::string custom(const std::string &query) { return uri(parse_custom, "/a.jpg?" + query); }

TEST(CanonicalUri, IsOneForTheSamePictureInEveryDialect)
{
    std::mt19937 random(2026);
    const auto below = [&](int limit) { return static_cast<int>(random() % limit); };

    for (int i = 0; i < 500; i++) {
        const auto w = std::to_string(1 + below(8192));
        const auto h = std::to_string(1 + below(8192));
        const auto q = std::to_string(1 + below(100));
        const auto f = std::vector<std::string>{"webp", "jpeg", "png", "avif"}[below(4)];
        const auto rest = "&quality=" + q + "&format=" + f;

        const auto box = "width=" + w + "&height=" + h;
        const auto inside = custom(box + rest);
        EXPECT_EQ(inside, bunnycdn(box + rest));
        EXPECT_EQ(inside, fastly(box + "&fit=bounds" + rest));
        EXPECT_EQ(inside, keycdn(box + "&fit=inside&enlarge=0" + rest));
        if (f != "webp" || q != "100") {               // lossless, at Cloudflare
            EXPECT_EQ(inside, cloudflare("w=" + w + ",h=" + h + ",q=" + q + ",f=" + f));
        }

        EXPECT_EQ(fastly(box + "&fit=crop" + rest), keycdn(box + "&enlarge=0" + rest));
        EXPECT_EQ(fastly(box + "&fit=crop" + rest), custom(box + "&crop=center" + rest));
        EXPECT_EQ(fastly(box + "&fit=cover" + rest), keycdn(box + "&fit=outside&enlarge=0" + rest));
        EXPECT_EQ(fastly(box + rest), keycdn(box + "&fit=fill&enlarge=0" + rest));
        EXPECT_EQ(fastly(box + "&fit=crop&blur=10" + rest), custom(box + "&crop=center&blur=10" + rest));

        const auto cut = "crop=" + w + ',' + h;
        const auto x = std::to_string(below(9000));
        EXPECT_EQ(bunnycdn(cut + rest), keycdn(cut + rest));
        EXPECT_EQ(bunnycdn(cut + rest), fastly(cut + ",safe" + rest));
        EXPECT_EQ(bunnycdn(cut + ',' + x + ",5" + rest), keycdn(cut + ',' + x + ",5" + rest));
        EXPECT_EQ(bunnycdn(cut + ',' + x + ",5" + rest), fastly(cut + ",x" + x + ",y5,safe" + rest));
        EXPECT_EQ(bunnycdn("aspect_ratio=" + w + ':' + h + rest), fastly("crop=" + w + ':' + h + rest));

        const auto level = std::to_string(below(201) - 100);
        EXPECT_EQ(bunnycdn("brightness=" + level + rest), fastly("brightness=" + level + rest));
        EXPECT_EQ(bunnycdn("rotate=90&flop=1" + rest), keycdn("rotate=-270&flop=1" + rest));
    }
}

TEST(CanonicalUri, ForgetsSharesThatChangeNothing)
{
    EXPECT_EQ(fastly("width=100p"), "/cdn-image/q=85/a.jpg");
    EXPECT_EQ(fastly("width=250p"), "/cdn-image/q=85/a.jpg");
    EXPECT_EQ(fastly("width=100p&height=100p"), "/cdn-image/q=85/a.jpg");
    EXPECT_EQ(fastly("width=250p&enable=upscale"), "/cdn-image/w=250p,fit=contain,q=85/a.jpg");
    EXPECT_EQ(fastly("width=250p&height=100p&enable=upscale"),
              "/cdn-image/w=250p,h=100p,fit=squeeze,q=85/a.jpg");
    EXPECT_EQ(fastly("width=100p&height=50&fit=bounds"), fastly("height=50"));
    EXPECT_EQ(fastly("crop=100p,100p"), "/cdn-image/q=85/a.jpg");
    EXPECT_EQ(fastly("crop=100p,50p"), "/cdn-image/region=0;50p,q=85/a.jpg");
}

TEST(CanonicalUri, HasOneSpellingOfAPlace)
{
    EXPECT_EQ(fastly("crop=300,200,offset-x50,offset-y50"), fastly("crop=300,200"));
    EXPECT_EQ(fastly("crop=300,200,offset-x0,offset-y0"), fastly("crop=300,200,x0,y0"));
    EXPECT_EQ(fastly("crop=300,200,offset-x100,safe"),
              bunnycdn("crop=300,200&crop_gravity=east"));
    EXPECT_EQ(bunnycdn("crop=300,200&crop_gravity=northwest"), bunnycdn("crop=300,200,0,0"));
    EXPECT_EQ(fastly("precrop=300,200"), fastly("crop=300,200"));
    EXPECT_NE(fastly("precrop=300,200&trim=5"), fastly("crop=300,200&trim=5"));
    EXPECT_EQ(fastly("crop=1:1,safe"), fastly("crop=1:1"));
    EXPECT_EQ(fastly("crop=0.5,0.5,safe"), fastly("crop=50p,50p"));
    EXPECT_NE(fastly("crop=0.6,0.5,x0.5,safe"), fastly("crop=0.6,0.5,x0.5"));
}

TEST(CanonicalUri, ForgetsWhatLeavesThePictureAlone)
{
    for (const char *query : {"tint=ffffff", "hue=100", "sepia=0", "blur=0", "sharpen=false", "gamma=0"}) {
        EXPECT_EQ(bunnycdn(query), "/cdn-image/q=85/a.jpg") << query;
    }
    for (const char *query : {"bg-color=0,0,0,0", "sharpen=a0,r2,t2", "pad=0", "canvas=100p,1.0p&canvas=100p,100p",
                              "resize-filter=nearest", "orient=1"})
    {
        EXPECT_EQ(fastly(query), "/cdn-image/q=85/a.jpg") << query;
    }
    EXPECT_EQ(keycdn("compression=6&quality=85"), "/cdn-image/q=85/a.jpg");
}

TEST(CanonicalUri, NamesAnOrderOnlyWhereItMatters)
{
    EXPECT_EQ(fastly("blur=2"), "/cdn-image/blur=1,q=85/a.jpg");
    EXPECT_EQ(fastly("brightness=100"), "/cdn-image/offset=255,q=85/a.jpg");
    EXPECT_EQ(fastly("blur=2&brightness=100"), "/cdn-image/blur=1,offset=255,colors-first=true,q=85/a.jpg");
    EXPECT_EQ(fastly("blur=2&sharpen=a1"), "/cdn-image/blur=1,unsharp=1;1;0,colors-first=true,q=85/a.jpg");
}

TEST(CanonicalUri, HasABackgroundOnlyWhereItShows)
{
    EXPECT_EQ(fastly("pad=5"), "/cdn-image/extend=5;5;5;5,bg=ffffff00,q=85/a.jpg");
    EXPECT_EQ(fastly("pad=5&format=jpg"), "/cdn-image/extend=5;5;5;5,bg=ffffff,f=jpeg,q=85/a.jpg");
    EXPECT_EQ(fastly("width=5&format=jpg&bg-color=fff"), "/cdn-image/w=5,f=jpeg,q=85/a.jpg");
    EXPECT_EQ(fastly("width=5&format=jpg&bg-color=255,0,0,0.5"), "/cdn-image/w=5,bg=ff7f7f,f=jpeg,q=85/a.jpg");
    EXPECT_EQ(keycdn("rotate=45&quality=85"), "/cdn-image/tilt=45,bg=ffffff,q=85/a.jpg");
    EXPECT_EQ(fastly("canvas=9,9&pad=5"), fastly("canvas=9,9"));
}

TEST(CanonicalUri, KeepsAQualityOfItsOwnForANegotiatedWebp)
{
    const auto automatic = [](const Negotiated &formats) {
        return uri(parse_fastly, "/a.jpg?auto=webp,avif&quality=75,60", formats);
    };
    EXPECT_EQ(automatic({}), "/cdn-image/f=auto,q=75/a.jpg");
    EXPECT_EQ(automatic({Format::webp}), "/cdn-image/f=webp,q=60/a.jpg");
    EXPECT_EQ(automatic({Format::avif}), "/cdn-image/f=auto:avif,q=75/a.jpg");
    EXPECT_EQ(automatic({Format::avif, Format::webp}), "/cdn-image/f=auto:avif:webp,q=75:60/a.jpg");
    EXPECT_EQ(fastly("quality=75,60&format=webp"), "/cdn-image/f=webp,q=75/a.jpg");
}

TEST(CanonicalUri, TurnsByQuartersBeforeTheResizeAndByOthersAfterIt)
{
    EXPECT_EQ(keycdn("rotate=-90&quality=85"), "/cdn-image/rotate=270,q=85/a.jpg");
    EXPECT_EQ(keycdn("rotate=-1&quality=85"), "/cdn-image/tilt=359,bg=ffffff,q=85/a.jpg");
    EXPECT_EQ(keycdn("rotate=-180&flip=1&quality=85"), "/cdn-image/flip=h,q=85/a.jpg");
    EXPECT_EQ(keycdn("rotate=30&flip=1&quality=85"),
              "/cdn-image/flip=h,rotate=180,tilt=30,bg=ffffff,q=85/a.jpg");
}

}  // namespace
}  // namespace cdn::image
