"""The Naver DataLab search trend, asked over its two hosts."""
